-- +goose Up
ALTER TABLE engine_attempts ADD COLUMN history TEXT NOT NULL DEFAULT '[]'; -- JSON: when and with what each attempt failed

ALTER TABLE engine_dead_letters ADD COLUMN state          TEXT    NOT NULL DEFAULT 'dead'; -- dead, replaying, replayed, discarded, handled
ALTER TABLE engine_dead_letters ADD COLUMN changed_at     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_dead_letters ADD COLUMN correlation_id TEXT    NOT NULL DEFAULT '';
ALTER TABLE engine_dead_letters ADD COLUMN history        TEXT    NOT NULL DEFAULT '[]';

CREATE INDEX engine_dead_letters_by_age ON engine_dead_letters (handler, state, dead_at, id);

-- What people did about dead letters. Nothing is ever changed or removed here.
CREATE TABLE engine_letter_actions (
    letter_id TEXT    NOT NULL,
    id        TEXT    NOT NULL, -- of version 7: in the order of their time
    at        INTEGER NOT NULL,
    action    TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    PRIMARY KEY (letter_id, id)
) WITHOUT ROWID;
