-- +goose Up
CREATE TABLE engine_inbox (
    id         TEXT    NOT NULL PRIMARY KEY, -- derives from the event's id and the handler
    handler    TEXT    NOT NULL,
    event_id   TEXT    NOT NULL,
    outputs    TEXT    NOT NULL,             -- the events it led to, as JSON
    handled_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE engine_attempts (
    id       TEXT    NOT NULL PRIMARY KEY,
    handler  TEXT    NOT NULL,
    event_id TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    error    TEXT    NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE engine_dead_letters (
    id         TEXT    NOT NULL PRIMARY KEY,
    handler    TEXT    NOT NULL,
    consumer   TEXT    NOT NULL,
    event_id   TEXT    NOT NULL,
    event_type TEXT    NOT NULL,
    event_key  TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    error      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    first_at   INTEGER NOT NULL,
    dead_at    INTEGER NOT NULL,
    subject    TEXT    NOT NULL,
    headers    TEXT    NOT NULL,             -- JSON
    data       TEXT    NOT NULL              -- base64
) WITHOUT ROWID;

CREATE TABLE engine_marks (
    consumer   TEXT    NOT NULL PRIMARY KEY,
    handled_at INTEGER NOT NULL
) WITHOUT ROWID;
