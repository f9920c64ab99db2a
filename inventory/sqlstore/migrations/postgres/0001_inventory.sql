-- +goose Up
CREATE TABLE products (
    id               text   COLLATE "C" NOT NULL PRIMARY KEY,
    name             text   NOT NULL,
    currency         text   NOT NULL,
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    on_hand          bigint NOT NULL CHECK (on_hand >= 0),
    available        bigint NOT NULL CHECK (available >= 0),
    reserved         bigint NOT NULL CHECK (reserved >= 0),
    sold             bigint NOT NULL CHECK (sold >= 0),
    updated_at       bigint NOT NULL,             -- times are microseconds since 1970
    CHECK (on_hand = available + reserved)
) WITH (fillfactor = 50);

-- One row for each order that was heard of, also for one that was cancelled
-- before: it is what makes every message harmless the second time.
CREATE TABLE reservations (
    order_id    uuid   NOT NULL PRIMARY KEY,
    state       text   NOT NULL,
    currency    text   NOT NULL,
    total_minor bigint NOT NULL,
    reason      text   NOT NULL,
    product_id  text   NOT NULL,
    updated_at  bigint NOT NULL
) WITH (fillfactor = 70);

-- What was reserved, as JSON; apart from the row that changes.
CREATE TABLE reservation_lines (
    order_id uuid NOT NULL PRIMARY KEY,
    lines    text NOT NULL
);

CREATE TABLE adjustments (
    id         text   COLLATE "C" NOT NULL PRIMARY KEY, -- product and idempotency key
    product_id text   NOT NULL,
    delta      bigint NOT NULL,
    reason     text   NOT NULL,
    hash       text   NOT NULL,                         -- of the request
    on_hand    bigint NOT NULL,                         -- right after it
    available  bigint NOT NULL,
    at         bigint NOT NULL
);
