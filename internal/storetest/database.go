package storetest

import (
	"database/sql"
	"testing"

	"orderly/pkg/sqldb"
)

// kind is a kind of database.
type kind int

const (
	onSQLite kind = iota
	onPostgres
)

// Database is one that a promise must hold on. Its replicas share nothing else.
type Database struct {
	service Service
	kind    kind
	dsn     string
	open    func(t testing.TB) (*sqldb.DB, error)
}

// Open opens the database, until the test ends.
func (d Database) Open(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := d.open(t)
	if err != nil {
		t.Fatal(err)
	}
	return closed(t, db)
}

// Replica returns another replica of the service.
func (d Database) Replica(t testing.TB) Replica {
	t.Helper()
	return d.service.serve(t, d.Open(t))
}

// Spied returns another replica, and a spy on all that it says to the database,
// statement by statement.
func (d Database) Spied(t testing.TB) (Replica, *Spy) {
	t.Helper()
	s := &Spy{Connector: connector(t, d)}
	write, read := sql.OpenDB(s), sql.OpenDB(s)
	write.SetMaxOpenConns(1)
	dialect := d.Open(t).Dialect()
	dialect.Send, dialect.Reach = nil, nil // a round trip for each, where the spy hears them
	db := closed(t, sqldb.New(write, read, dialect))
	return d.service.serve(t, db), s
}

// closed closes the pools when the test ends.
func closed(t testing.TB, db *sqldb.DB) *sqldb.DB {
	t.Helper()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}
