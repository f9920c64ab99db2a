-- +goose Up
CREATE TABLE orders (
    id              uuid    NOT NULL PRIMARY KEY, -- UUIDv7: in the order of their acceptance
    customer_id     text    COLLATE "C" NOT NULL,
    currency        text    NOT NULL,
    lane            text    NOT NULL,
    correlation_id  text    NOT NULL,
    status          text    NOT NULL,
    reason          text    NOT NULL,
    total_minor     bigint  NOT NULL,
    priced          boolean NOT NULL,
    stock_settled   boolean NOT NULL,
    payment_settled boolean NOT NULL,
    created_at      bigint  NOT NULL,             -- times are microseconds since 1970
    updated_at      bigint  NOT NULL,
    deadline        bigint  NOT NULL,
    next_redrive    bigint  NOT NULL,
    redrives        integer NOT NULL,
    entries         integer NOT NULL              -- rows in order_events
) WITH (fillfactor = 70);

CREATE INDEX orders_by_customer ON orders (customer_id, id);

-- What happened to each order; only ever added to. The first entry is what the
-- customer asked for.
CREATE TABLE order_events (
    order_id uuid    NOT NULL,
    n        integer NOT NULL,
    id       text    NOT NULL,
    name     text    NOT NULL,
    version  integer NOT NULL,
    at       bigint  NOT NULL,
    cause    text    NOT NULL,
    data     text    NOT NULL,
    PRIMARY KEY (order_id, n)
);

-- The orders that are not closed. The clock has nothing to say to one before
-- due_at; it may turn out to have nothing to say even then.
CREATE TABLE open_orders (
    id     uuid   NOT NULL PRIMARY KEY,
    due_at bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The orders that have ended, by how: so that no index on orders changes while
-- an order goes its way.
CREATE TABLE ended_orders (
    status text COLLATE "C" NOT NULL,
    id     uuid NOT NULL,
    PRIMARY KEY (status, id)
);

-- Never pruned: a request is recognised for ever.
CREATE TABLE idempotency_keys (
    id         text   COLLATE "C" NOT NULL PRIMARY KEY, -- customer and key
    hash       text   NOT NULL,                         -- of the request
    order_id   uuid   NOT NULL,
    created_at bigint NOT NULL
);
