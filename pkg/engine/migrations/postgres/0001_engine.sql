-- +goose Up
CREATE TABLE engine_inbox (
    id         uuid    NOT NULL PRIMARY KEY, -- derives from the event's id and the handler
    handler    text    NOT NULL,
    event_id   text    NOT NULL,
    outputs    text    NOT NULL,             -- the events it led to, as JSON
    handled_at bigint  NOT NULL
);

CREATE TABLE engine_attempts (
    id       uuid    NOT NULL PRIMARY KEY,
    handler  text    NOT NULL,
    event_id text    NOT NULL,
    attempts bigint  NOT NULL,
    error    text    NOT NULL,
    first_at bigint  NOT NULL,
    last_at  bigint  NOT NULL
);

CREATE TABLE engine_dead_letters (
    id         uuid    NOT NULL PRIMARY KEY,
    handler    text    NOT NULL,
    consumer   text    NOT NULL,
    event_id   text    NOT NULL,
    event_type text    NOT NULL,
    event_key  text    NOT NULL,
    kind       text    NOT NULL,
    error      text    NOT NULL,
    attempts   bigint  NOT NULL,
    first_at   bigint  NOT NULL,
    dead_at    bigint  NOT NULL,
    subject    text    NOT NULL,
    headers    text    NOT NULL,             -- JSON
    data       text    NOT NULL              -- base64
);

CREATE TABLE engine_marks (
    consumer   text    NOT NULL PRIMARY KEY,
    handled_at bigint  NOT NULL
);
