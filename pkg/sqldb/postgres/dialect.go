package postgres

import (
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"

	"orderly/pkg/sqldb"
)

func dialect() sqldb.Dialect {
	return sqldb.Dialect{
		Name:          "postgres",
		RowLock:       " FOR NO KEY UPDATE",
		Now:           now,
		Send:          send,
		Reach:         reach,
		Source:        source,
		In:            in,
		Args:          args,
		Probe:         "SELECT 1",
		HasTable:      "SELECT to_regclass($1) IS NOT NULL",
		Fault:         fault,
		Migrations:    goose.DialectPostgres,
		MigrationLock: newMigrationLock,
	}
}

// now is the time at which the server began the transaction.
const now = "SELECT now()"

func source(cols []sqldb.Column) string {
	arrays, names := make([]string, len(cols)), make([]string, len(cols))
	for i, c := range cols {
		arrays[i] = fmt.Sprintf("$%d::%s[]", i+1, typeName(c.Type))
		names[i] = c.Name
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS given(" + strings.Join(names, ", ") + ")"
}

func in(column sqldb.Column, n int) string {
	return fmt.Sprintf("%s = ANY($%d::%s[])", column.Name, n, typeName(column.Type))
}

func typeName(t sqldb.ColumnType) string {
	switch t {
	case sqldb.UUID:
		return "uuid"
	case sqldb.Int, sqldb.Time:
		return "bigint"
	case sqldb.Bool:
		return "boolean"
	default:
		return "text"
	}
}
