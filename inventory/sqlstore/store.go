// Package sqlstore keeps products and reservations in a SQL database and is
// what the engine runs for the inventory service: it loads the rows that a
// batch touches, lets package inventory decide, and saves what changed. It is
// the same on SQLite and PostgreSQL.
package sqlstore

import (
	"embed"

	"orderly/inventory"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Schema is what the database of the inventory service holds.
func Schema() sqldb.Schema {
	return sqldb.Schema{
		Owner:  "inventory",
		Tables: []sqldb.Tables{engine.Tables(), {Name: "inventory", Files: migrations}},
	}
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

// New returns a store on a database with the tables of Schema.
func New(db *sqldb.DB) *Store { return &Store{db: db, saga: inventory.NewSaga()} }
