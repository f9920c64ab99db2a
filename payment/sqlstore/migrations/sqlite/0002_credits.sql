-- +goose Up
-- Refunds by hand. They are read and written under the lock of their payment.
CREATE TABLE credits (
    id           TEXT    NOT NULL PRIMARY KEY, -- of the order and the key that it was asked for with
    order_id     TEXT    NOT NULL,
    asked_minor  INTEGER NOT NULL,             -- 0: all that was left
    amount_minor INTEGER NOT NULL,
    currency     TEXT    NOT NULL,
    why          TEXT    NOT NULL,
    asked_by     TEXT    NOT NULL,
    asked_at     INTEGER NOT NULL,             -- times are microseconds since 1970
    state        TEXT    NOT NULL,
    refusal      TEXT    NOT NULL,
    settled_at   INTEGER,
    told         INTEGER NOT NULL,
    due_at       INTEGER                       -- when the clock has something to say to it
) WITHOUT ROWID;

CREATE INDEX credits_order ON credits (order_id, asked_at);
CREATE INDEX credits_due ON credits (due_at) WHERE due_at IS NOT NULL;
