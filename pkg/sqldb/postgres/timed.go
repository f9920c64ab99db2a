package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"orderly/pkg/sqldb"
)

// timed are rows whose times are read as the numbers that they are: to the
// driver a sql.Scanner is a value to box.
type timed struct {
	pgx.Rows
	dest   []any
	micros []pgtype.Int8 // of the same length, for the times among dest
}

// Scan reads the columns of the current row.
func (t *timed) Scan(dest ...any) error {
	t.dest = append(t.dest[:0], dest...)
	t.micros = slices.Grow(t.micros[:0], len(dest))[:len(dest)]
	for i := range dest {
		if _, ok := t.time(i, dest); ok {
			t.dest[i] = &t.micros[i]
		}
	}
	if err := t.Rows.Scan(t.dest...); err != nil {
		return err
	}
	for i := range dest {
		at, ok := t.time(i, dest)
		switch {
		case !ok:
		case t.micros[i].Valid:
			at.Set(t.micros[i].Int64)
		default:
			_ = at.Scan(nil) // takes NULL always
		}
	}
	return nil
}

// time returns what reads the time in column i, if one is wanted and it is a
// bigint, as Time columns are.
func (t *timed) time(i int, dest []any) (sqldb.TimeScanner, bool) {
	at, ok := dest[i].(sqldb.TimeScanner)
	fields := t.FieldDescriptions()
	return at, ok && i < len(fields) && fields[i].DataTypeOID == pgtype.Int8OID
}
