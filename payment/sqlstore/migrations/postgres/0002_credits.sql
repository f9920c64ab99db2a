-- +goose Up
-- Refunds by hand. They are read and written under the lock of their payment.
CREATE TABLE credits (
    id           uuid    NOT NULL PRIMARY KEY, -- of the order and the key that it was asked for with
    order_id     uuid    NOT NULL,
    asked_minor  bigint  NOT NULL,             -- 0: all that was left
    amount_minor bigint  NOT NULL,
    currency     text    NOT NULL,
    why          text    NOT NULL,
    asked_by     text    NOT NULL,
    asked_at     bigint  NOT NULL,             -- times are microseconds since 1970
    state        text    NOT NULL,
    refusal      text    NOT NULL,
    settled_at   bigint,
    told         bigint  NOT NULL,
    due_at       bigint                        -- when the clock has something to say to it
);

CREATE INDEX credits_order ON credits (order_id, asked_at);
CREATE INDEX credits_due ON credits (due_at) WHERE due_at IS NOT NULL;
