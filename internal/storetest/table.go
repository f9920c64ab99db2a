package storetest

import (
	"fmt"
	"testing"

	"orderly/pkg/sqldb"
)

// Many is how many rows the tables have where plans are looked at. SQLite plans
// by the schema alone: it gets fewer.
func (d Database) Many() int {
	if d.kind == onSQLite {
		return 4_000
	}
	return 50_000
}

// IDOfI is SQL for [ID] of a column i.
func (d Database) IDOfI() string {
	if d.kind == onSQLite {
		return "printf('019a0000-0000-7000-8000-%012x', i)"
	}
	return "('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"
}

// Fill adds rows to a table, as a SELECT from series gives them, which has the
// numbers i from 0 to below [Database.Many]; and lets PostgreSQL know what it
// has.
func (d Database) Fill(t testing.TB, db *sqldb.DB, table, rows string) {
	t.Helper()
	const series = "WITH RECURSIVE series(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM series WHERE i < %d) "
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("fill "+table, "INSERT INTO "+table+" "+fmt.Sprintf(series, d.Many()-1)+rows)
		if d.kind == onPostgres {
			tx.Exec("analyze "+table, "ANALYZE "+table)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
