-- +goose Up

-- One row at most: how the provider behaves, for all processes that share the ledger.
CREATE TABLE gateway_settings (
    one      smallint NOT NULL PRIMARY KEY CHECK (one = 1),
    version  bigint   NOT NULL,
    settings text     NOT NULL
);

-- +goose Down
DROP TABLE gateway_settings;
