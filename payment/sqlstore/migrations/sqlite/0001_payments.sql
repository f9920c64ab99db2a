-- +goose Up
-- One row for each order that was heard of, also for one that was cancelled
-- before: it is what makes every message harmless the second time.
CREATE TABLE payments (
    order_id     TEXT   NOT NULL PRIMARY KEY,
    state        TEXT   NOT NULL,
    currency     TEXT   NOT NULL,
    amount_minor INTEGER NOT NULL,
    method       TEXT   NOT NULL,
    charge_id    TEXT   NOT NULL,
    code         TEXT   NOT NULL,
    intent_at    INTEGER,                          -- times are microseconds since 1970
    updated_at   INTEGER NOT NULL
) WITHOUT ROWID;
