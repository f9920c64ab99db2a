-- +goose Up
-- What operators did to orders, when and why; only ever added to.
CREATE TABLE order_actions (
    id       uuid   NOT NULL PRIMARY KEY,
    order_id uuid   NOT NULL,
    kind     text   NOT NULL,
    done_by  text   NOT NULL,
    why      text   NOT NULL,
    at       bigint NOT NULL -- times are microseconds since 1970
);

CREATE INDEX order_actions_order ON order_actions (order_id, at);

-- The refunds by hand that payment told of, each once. They are read and written
-- under the lock of their order.
CREATE TABLE order_credits (
    order_id     uuid   NOT NULL,
    credit_id    uuid   NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (order_id, credit_id)
);
