package sqldb

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
)

// Insert queues one statement that adds rows, in their order. A row holds a
// value for each of cols. No rows is no statement. A row that exists is an
// error, which is retryable: another replica may just have added it.
func (tx *Tx) Insert(table string, cols []Column, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	names := list(cols, "%s", ", ")
	return tx.add(cols, rows, Statement{
		What: fmt.Sprintf("insert %d rows of %s", len(rows), table),
		Text: "INSERT INTO " + table + " (" + names + ") SELECT " + names + " FROM " + tx.db.dialect.Source(cols),
	})
}

// Update queues one statement that changes the rows of table that have the
// given keys. A row holds a value for each of keys, then one for each of set.
// No rows is no statement. That a key is missing from the table, or is given
// twice, is an error that is not retryable.
func (tx *Tx) Update(table string, keys, set []Column, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	cols := slices.Concat(keys, set)
	s := Statement{
		What: fmt.Sprintf("update %d rows of %s", len(rows), table),
		Text: "UPDATE " + table + " SET " + list(set, "%s = given.%s", ", ") +
			" FROM " + tx.db.dialect.Source(cols) +
			" WHERE " + list(keys, table+".%s = given.%s", " AND "),
	}
	if reach := tx.db.dialect.Reach; reach != nil {
		s.Text = reach(s.Text, len(cols)+1)
		return tx.add(cols, rows, s, len(rows))
	}
	s.Affected = func(n int64) error {
		if n != int64(len(rows)) {
			return fmt.Errorf("%d rows were reached", n)
		}
		return nil
	}
	return tx.add(cols, rows, s)
}

// Delete queues one statement that removes the rows of table whose key is one
// of values; those that are not there are none less. No values is no statement.
func (tx *Tx) Delete(table string, key Column, values []any) error {
	if len(values) == 0 {
		return nil
	}
	rows := make([][]any, len(values))
	for i := range values {
		rows[i] = values[i : i+1]
	}
	return tx.add([]Column{key}, rows, Statement{
		What: fmt.Sprintf("delete %d rows from %s", len(rows), table),
		Text: "DELETE FROM " + table + " WHERE " + tx.db.dialect.In(key, 1),
	})
}

// add queues s with rows as its arguments, and more behind them.
func (tx *Tx) add(cols []Column, rows [][]any, s Statement, more ...any) error {
	args, err := tx.db.args(cols, rows)
	if err != nil {
		return s.Fail(err)
	}
	s.Args = append(args, more...)
	tx.queue = append(tx.queue, s)
	return nil
}

// In returns the predicate that column, which may have a table's name in front
// of it, is one of values, and the argument for its only placeholder, $n. No
// values match no row. The text is the same for any number of values. A value
// that the column cannot hold makes the query fail.
func (db *DB) In(column Column, n int, values []string) (predicate string, arg any) {
	cells, rows := make([]any, len(values)), make([][]any, len(values))
	for i := range values {
		cells[i], rows[i] = &values[i], cells[i:i+1]
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
	for i, row := range rows {
		if len(row) != len(cols) {
			return nil, fmt.Errorf("row %d has %d values for %d columns", i, len(row), len(cols))
		}
	}
	return db.dialect.Args(cols, rows)
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
