-- +goose Up
CREATE TABLE products (
    id               TEXT   NOT NULL PRIMARY KEY,
    name             TEXT   NOT NULL,
    currency         TEXT   NOT NULL,
    unit_price_minor INTEGER NOT NULL CHECK (unit_price_minor >= 0),
    on_hand          INTEGER NOT NULL CHECK (on_hand >= 0),
    available        INTEGER NOT NULL CHECK (available >= 0),
    reserved         INTEGER NOT NULL CHECK (reserved >= 0),
    sold             INTEGER NOT NULL CHECK (sold >= 0),
    updated_at       INTEGER NOT NULL,             -- times are microseconds since 1970
    CHECK (on_hand = available + reserved)
) WITHOUT ROWID;

-- One row for each order that was heard of, also for one that was cancelled
-- before: it is what makes every message harmless the second time.
CREATE TABLE reservations (
    order_id    TEXT   NOT NULL PRIMARY KEY,
    state       TEXT   NOT NULL,
    currency    TEXT   NOT NULL,
    total_minor INTEGER NOT NULL,
    reason      TEXT   NOT NULL,
    product_id  TEXT   NOT NULL,
    updated_at  INTEGER NOT NULL
) WITHOUT ROWID;

-- What was reserved, as JSON; apart from the row that changes.
CREATE TABLE reservation_lines (
    order_id TEXT NOT NULL PRIMARY KEY,
    lines    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE adjustments (
    id         TEXT   NOT NULL PRIMARY KEY, -- product and idempotency key
    product_id TEXT   NOT NULL,
    delta      INTEGER NOT NULL,
    reason     TEXT   NOT NULL,
    hash       TEXT   NOT NULL,                         -- of the request
    on_hand    INTEGER NOT NULL,                         -- right after it
    available  INTEGER NOT NULL,
    at         INTEGER NOT NULL
) WITHOUT ROWID;
