-- +goose Up
ALTER TABLE engine_attempts ADD COLUMN history text NOT NULL DEFAULT '[]'; -- JSON: when and with what each attempt failed

ALTER TABLE engine_dead_letters
    ADD COLUMN state          text   NOT NULL DEFAULT 'dead', -- dead, replaying, replayed, discarded, handled
    ADD COLUMN changed_at     bigint NOT NULL DEFAULT 0,
    ADD COLUMN correlation_id text   NOT NULL DEFAULT '',
    ADD COLUMN history        text   NOT NULL DEFAULT '[]';

CREATE INDEX engine_dead_letters_by_age ON engine_dead_letters (handler, state, dead_at, id);

-- What people did about dead letters. Nothing is ever changed or removed here.
CREATE TABLE engine_letter_actions (
    letter_id uuid   NOT NULL,
    id        uuid   NOT NULL, -- of version 7: in the order of their time
    at        bigint NOT NULL,
    action    text   NOT NULL,
    actor     text   NOT NULL,
    reason    text   NOT NULL,
    outcome   text   NOT NULL,
    detail    text   NOT NULL,
    PRIMARY KEY (letter_id, id)
);
