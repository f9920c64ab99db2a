-- +goose Up

-- generation counts the uses of a key that the gateway had forgotten in between.
CREATE TABLE gateway_charges (
    key          text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    id           text NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    method       text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    status       text NOT NULL,
    code         text NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (key, generation)
);

CREATE INDEX gateway_charges_order ON gateway_charges (order_id);

CREATE TABLE gateway_refunds (
    key          text COLLATE "C" NOT NULL,
    generation   bigint NOT NULL,
    id           text NOT NULL,
    charge_id    text NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    created_at   bigint NOT NULL,
    PRIMARY KEY (key, generation)
);

CREATE INDEX gateway_refunds_order ON gateway_refunds (order_id);

-- +goose Down
DROP TABLE gateway_refunds;
DROP TABLE gateway_charges;
