-- +goose Up

-- One row at most: how the provider behaves, for all processes that share the ledger.
CREATE TABLE gateway_settings (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version  INTEGER NOT NULL,
    settings TEXT    NOT NULL
) STRICT;

-- +goose Down
DROP TABLE gateway_settings;
