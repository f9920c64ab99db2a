-- +goose Up
-- One row for each order that was heard of, also for one that was cancelled
-- before: it is what makes every message harmless the second time.
CREATE TABLE payments (
    order_id     uuid   NOT NULL PRIMARY KEY,
    state        text   NOT NULL,
    currency     text   NOT NULL,
    amount_minor bigint NOT NULL,
    method       text   NOT NULL,
    charge_id    text   NOT NULL,
    code         text   NOT NULL,
    intent_at    bigint,                          -- times are microseconds since 1970
    updated_at   bigint NOT NULL
) WITH (fillfactor = 70);
