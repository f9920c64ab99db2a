package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"orderly/pkg/sqldb"
)

// primaryCode is the part of a result code that is the same for all its
// extended forms.
const primaryCode = 0xff

// probe forgets the pages that the connection holds, or it would read those and
// not the file.
const probe = "PRAGMA shrink_memory; SELECT count(*) FROM sqlite_schema"

func dialect() sqldb.Dialect {
	return sqldb.Dialect{
		Name:       "sqlite",
		Source:     source,
		In:         in,
		Args:       args,
		Probe:      probe,
		HasTable:   "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = $1",
		Fault:      fault,
		Migrations: goose.DialectSQLite3,
	}
}

func source(cols []sqldb.Column) string {
	fields := make([]string, len(cols))
	for i, c := range cols {
		fields[i] = fmt.Sprintf("value->>%d AS %s", i, c.Name)
	}
	return "(SELECT " + strings.Join(fields, ", ") + " FROM jsonb_each($1)) AS given"
}

func in(column sqldb.Column, n int) string {
	return fmt.Sprintf("%s IN (SELECT value->>0 FROM json_each($%d))", column.Name, n)
}

func fault(err error) sqldb.Fault {
	var failure *sqlite.Error
	switch {
	case !errors.As(err, &failure), failure.Code() == sqlite3.SQLITE_INTERRUPT:
		return sqldb.NotDatabase
	case conflict(failure.Code()):
		return sqldb.Conflict
	case passing(failure.Code()):
		return sqldb.Passing
	default:
		return sqldb.Lasting
	}
}

func conflict(code int) bool {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

func passing(code int) bool {
	switch code & primaryCode {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, // other processes
		sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, // the machine
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM: // the mount
		return true
	}
	return false
}
