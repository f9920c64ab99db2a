// Package sqlstore keeps products and reservations in a SQL database and is
// what the engine runs for the inventory service: it loads the rows that a
// batch touches, lets package inventory decide, and saves what changed. It is
// the same on SQLite and PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"io/fs"

	"orderly/inventory"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Migrate makes or updates the tables of the inventory service. It is safe to
// call from any number of replicas at once.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := engine.Migrate(ctx, db); err != nil {
		return err
	}
	return db.Migrate(ctx, files, "inventory_migrations")
}

// Store keeps products and reservations. It is an engine.Decider and an
// inventory.Reader.
type Store struct {
	db   *sqldb.DB
	saga inventory.Saga
}

var (
	_ engine.Decider   = (*Store)(nil)
	_ inventory.Reader = (*Store)(nil)
)

// New returns a store on a database on which Migrate has run.
func New(db *sqldb.DB) *Store { return &Store{db: db, saga: inventory.NewSaga()} }
