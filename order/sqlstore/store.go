// Package sqlstore keeps orders in a SQL database and is what the engine runs
// for the order service: it loads the orders that a batch touches, lets package
// order decide, and saves what changed. It is the same on SQLite and
// PostgreSQL.
package sqlstore

import (
	"embed"

	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Schema is what the database of the order service holds.
func Schema() sqldb.Schema {
	return sqldb.Schema{
		Owner:  "order",
		Tables: []sqldb.Tables{engine.Tables(), {Name: "order", Files: migrations}},
	}
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

// New returns a store on a database with the tables of Schema.
func New(db *sqldb.DB, cfg Config) *Store {
	return &Store{db: db, cfg: cfg, saga: order.NewSaga()}
}
