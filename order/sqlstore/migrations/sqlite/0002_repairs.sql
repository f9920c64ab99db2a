-- +goose Up
-- What operators did to orders, when and why; only ever added to.
CREATE TABLE order_actions (
    id       TEXT    NOT NULL PRIMARY KEY,
    order_id TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    done_by  TEXT    NOT NULL,
    why      TEXT    NOT NULL,
    at       INTEGER NOT NULL -- times are microseconds since 1970
) WITHOUT ROWID;

CREATE INDEX order_actions_order ON order_actions (order_id, at);

-- The refunds by hand that payment told of, each once. They are read and written
-- under the lock of their order.
CREATE TABLE order_credits (
    order_id     TEXT    NOT NULL,
    credit_id    TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    PRIMARY KEY (order_id, credit_id)
) WITHOUT ROWID;
