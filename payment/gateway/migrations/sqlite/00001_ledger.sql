-- +goose Up

-- generation counts the uses of a key that the gateway had forgotten in between.
CREATE TABLE gateway_charges (
    key          TEXT    NOT NULL,
    generation   INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    order_id     TEXT    NOT NULL,
    method       TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    status       TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (key, generation)
) STRICT, WITHOUT ROWID;

CREATE INDEX gateway_charges_order ON gateway_charges (order_id);

CREATE TABLE gateway_refunds (
    key          TEXT    NOT NULL,
    generation   INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    charge_id    TEXT    NOT NULL,
    order_id     TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (key, generation)
) STRICT, WITHOUT ROWID;

CREATE INDEX gateway_refunds_order ON gateway_refunds (order_id);

-- +goose Down
DROP TABLE gateway_refunds;
DROP TABLE gateway_charges;
