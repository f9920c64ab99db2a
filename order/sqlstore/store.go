// Package sqlstore keeps orders in a SQL database and is what the engine runs
// for the order service: it loads the orders that a batch touches, lets package
// order decide, and saves what changed. It is the same on SQLite and
// PostgreSQL.
package sqlstore

import (
	"context"
	"embed"
	"io/fs"

	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Migrate makes or updates the tables of the order service. It is safe to call
// from any number of replicas at once.
func Migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := engine.Migrate(ctx, db); err != nil {
		return err
	}
	return db.Migrate(ctx, files, "order_migrations")
}

// Config says how orders are driven.
type Config struct {
	Policy   order.Policy
	Registry *event.Registry
	// Committed, if not nil, is told of every order that a committed batch
	// changed: before is the zero Order for a new one. It must not block.
	Committed func(before, after order.Order)
}

// Store keeps orders. It is an engine.Decider and an order.Reader.
type Store struct {
	db   *sqldb.DB
	cfg  Config
	saga order.Saga
}

var (
	_ engine.Decider = (*Store)(nil)
	_ order.Reader   = (*Store)(nil)
)

// New returns a store on a database on which Migrate has run.
func New(db *sqldb.DB, cfg Config) *Store {
	return &Store{db: db, cfg: cfg, saga: order.NewSaga()}
}
