package standalone

import (
	"context"
	"errors"
	"fmt"

	"orderly/internal/app"
	"orderly/pkg/sqldb"
)

// When a database is migrated.
const (
	migrateAtStart = "start"
	migrateBefore  = "check" // by the operator
)

// prepare brings the database of a service to this build's schema, or refuses
// one that is not there yet.
func prepare(ctx context.Context, service, when string, db *sqldb.DB) error {
	schema, err := app.Schema(service)
	if err != nil {
		return err
	}
	if when == migrateAtStart {
		return db.Migrate(ctx, schema)
	}
	err = db.Check(ctx, schema)
	if errors.Is(err, sqldb.ErrPending) {
		return fmt.Errorf("%w: run orderly migrate up --service %s, or set ORDERLY_MIGRATE=%s", err, service, migrateAtStart)
	}
	return err
}
