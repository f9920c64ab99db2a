package sqldb

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Dialect is what differs between databases. The driver packages make one;
// a caller reads its Name where it must write SQL for one database only.
type Dialect struct {
	// Name is "sqlite" or "postgres", and the folder of its migrations.
	Name string

	// RowLock ends a SELECT whose rows the transaction is going to change.
	RowLock string

	// Now is a query for the time of the transaction by the database's clock,
	// as [ScanTime] reads it. Empty if the process has the same clock.
	Now string

	// Send runs statements in their order on conn, which is in a transaction
	// of InTx, and ends with the first error. It says with Statement.Fail what
	// failed. Nil if a round trip costs nothing: then they run one by one.
	//
	// The last statement may be [Commit], after which the Commit of conn's
	// transaction has nothing left to do. An error that leaves open whether it
	// happened is an [UnknownCommit].
	Send func(ctx context.Context, conn *sql.Conn, statements []Statement) error

	// Reach makes of an UPDATE one that fails unless it changes as many rows as
	// the parameter $n says, so that nobody has to look before the COMMIT. Nil
	// where Send is.
	Reach func(update string, n int) string

	// Source is a table expression named "given" with the given columns, one
	// row for each of the rows that Args encodes. Its parameters start at $1.
	Source func(cols []Column) string

	// In is the predicate that column is one of the values that Args encodes
	// for that single column; its parameter is $n.
	In func(column Column, n int) string

	// Args encodes rows for Source and In. Every row is as wide as cols, and
	// [Column.Cell] gives a value in the form to encode, or refuses it.
	Args func(cols []Column, rows [][]any) ([]any, error)

	// Probe is a query of one row that fails if the database cannot be read
	// where it is kept: what a connection remembers must not answer it.
	Probe string

	// HasTable is a query that reports whether there is a table named $1.
	HasTable string

	// Fault says whose fault an error is.
	Fault func(err error) Fault

	// Migrations names goose's dialect.
	Migrations goose.Dialect

	// MigrationLock lets one migration run at a time on a database, whichever
	// process asks. Nil if the database is used by one process only.
	MigrationLock func(table string) lock.SessionLocker
}

// Fault says whose fault an error is. The zero value is [NotDatabase].
type Fault int

const (
	// NotDatabase is an error that did not come from the database or that
	// it gave because the caller's context ended.
	NotDatabase Fault = iota
	// Passing is an error that says nothing about the input: the same
	// transaction may succeed when it is run again.
	Passing
	// Conflict is a unique key that is there already. It passes where another
	// replica was faster, and stays where the input itself is at fault.
	Conflict
	// Lasting is the database's answer to what it was sent: the same
	// transaction will fail again.
	Lasting
)
