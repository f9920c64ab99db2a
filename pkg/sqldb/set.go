package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
)

// Insert adds rows, in their order, with one statement. A row holds a value
// for each of cols. No rows is no statement. A row that exists is an error,
// which is retryable: another replica may just have added it.
func (db *DB) Insert(ctx context.Context, tx *sql.Tx, table string, cols []Column, rows [][]any) error {
	names := list(cols, "%s", ", ")
	query := func() string {
		return "INSERT INTO " + table + " (" + names + ") SELECT " + names + " FROM " + db.dialect.Source(cols)
	}
	n, err := db.exec(ctx, tx, query, cols, rows)
	if err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", len(rows), table, err)
	}
	if n != int64(len(rows)) {
		return fmt.Errorf("insert into %s: %d of %d rows were added", table, n, len(rows))
	}
	return nil
}

// Update changes the rows of table that have the given keys with one
// statement. A row holds a value for each of keys, then one for each of set.
// No rows is no statement. That a key is missing from the table, or is given
// twice, is an error that is not retryable.
func (db *DB) Update(ctx context.Context, tx *sql.Tx, table string, keys, set []Column, rows [][]any) error {
	cols := slices.Concat(keys, set)
	query := func() string {
		return "UPDATE " + table + " SET " + list(set, "%s = given.%s", ", ") +
			" FROM " + db.dialect.Source(cols) +
			" WHERE " + list(keys, table+".%s = given.%s", " AND ")
	}
	n, err := db.exec(ctx, tx, query, cols, rows)
	if err != nil {
		return fmt.Errorf("update %d rows of %s: %w", len(rows), table, err)
	}
	if n != int64(len(rows)) {
		return fmt.Errorf("update %s: %d of %d rows were found", table, n, len(rows))
	}
	return nil
}

// Delete removes the rows of table whose key is one of values with one
// statement and returns how many there were. No values is no statement.
func (db *DB) Delete(ctx context.Context, tx *sql.Tx, table string, key Column, values []any) (int64, error) {
	rows := make([][]any, len(values))
	for i := range values {
		rows[i] = values[i : i+1]
	}
	query := func() string { return "DELETE FROM " + table + " WHERE " + db.dialect.In(key, 1) }
	n, err := db.exec(ctx, tx, query, []Column{key}, rows)
	if err != nil {
		return 0, fmt.Errorf("delete %d rows from %s: %w", len(values), table, err)
	}
	return n, nil
}

func (db *DB) exec(ctx context.Context, tx *sql.Tx, query func() string, cols []Column, rows [][]any) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	args, err := db.args(cols, rows)
	if err != nil {
		return 0, err
	}
	res, err := tx.ExecContext(ctx, query(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// In returns the predicate that column, which may have a table's name in front
// of it, is one of values, and the argument for its only placeholder, $n. No
// values match no row. The text is the same for any number of values. A value
// that the column cannot hold makes the query fail.
func (db *DB) In(column Column, n int, values []string) (predicate string, arg any) {
	rows := make([][]any, len(values))
	for i, v := range values {
		rows[i] = []any{v}
	}
	predicate = db.dialect.In(column, n)
	args, err := db.args([]Column{column}, rows)
	if err != nil {
		return predicate, badArg{err}
	}
	return predicate, args[0]
}

// Lock returns what ends a SELECT that locks its rows against other writers
// until the transaction ends, with a space in front: nothing on SQLite, where
// there is no other writer.
func (db *DB) Lock() string { return db.dialect.RowLock }

func (db *DB) args(cols []Column, rows [][]any) ([]any, error) {
	checked, err := values(cols, rows)
	if err != nil {
		return nil, err
	}
	return db.dialect.Args(cols, checked)
}

// badArg makes the query that it is an argument of fail with err.
type badArg struct{ err error }

func (a badArg) Value() (driver.Value, error) { return nil, a.err }

// list joins the names of cols, each put into every %s of format.
func list(cols []Column, format, separator string) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = strings.ReplaceAll(format, "%s", c.Name)
	}
	return strings.Join(parts, separator)
}
