-- +goose Up
CREATE TABLE orders (
    id              TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: in the order of their acceptance
    customer_id     TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    lane            TEXT    NOT NULL,
    correlation_id  TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    total_minor     INTEGER NOT NULL,
    priced          INTEGER NOT NULL,
    stock_settled   INTEGER NOT NULL,
    payment_settled INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,             -- times are microseconds since 1970
    updated_at      INTEGER NOT NULL,
    deadline        INTEGER NOT NULL,
    next_redrive    INTEGER NOT NULL,
    redrives        INTEGER NOT NULL,
    entries         INTEGER NOT NULL              -- rows in order_events
) WITHOUT ROWID;

CREATE INDEX orders_by_customer ON orders (customer_id, id);

-- What happened to each order; only ever added to. The first entry is what the
-- customer asked for.
CREATE TABLE order_events (
    order_id TEXT    NOT NULL,
    n        INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    cause    TEXT    NOT NULL,
    data     TEXT    NOT NULL,
    PRIMARY KEY (order_id, n)
) WITHOUT ROWID;

-- The orders that are not closed. The clock has nothing to say to one before
-- due_at; it may turn out to have nothing to say even then.
CREATE TABLE open_orders (
    id     TEXT    NOT NULL PRIMARY KEY,
    due_at INTEGER NOT NULL
) WITHOUT ROWID;

-- The orders that have ended, by how: so that no index on orders changes while
-- an order goes its way.
CREATE TABLE ended_orders (
    status TEXT NOT NULL,
    id     TEXT NOT NULL,
    PRIMARY KEY (status, id)
) WITHOUT ROWID;

-- Never pruned: a request is recognised for ever.
CREATE TABLE idempotency_keys (
    id         TEXT    NOT NULL PRIMARY KEY, -- customer and key
    hash       TEXT    NOT NULL,             -- of the request
    order_id   TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;
