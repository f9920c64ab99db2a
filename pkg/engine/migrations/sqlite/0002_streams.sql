-- +goose Up
CREATE TABLE engine_streams (
    stream      TEXT    NOT NULL PRIMARY KEY,
    created_at  INTEGER NOT NULL, -- by the broker's clock, which tells one stream of that name from the next
    last_seq    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL, -- when its last message was stored, by the broker's clock
    whole_since INTEGER NOT NULL  -- when it was last found to have lost something, by the broker's clock; 0 if never
) WITHOUT ROWID;
