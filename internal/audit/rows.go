package audit

import (
	"context"
	"database/sql"

	"orderly/pkg/sqldb"
)

// EmitHead emits the head of a feed once the transaction has its snapshot: not
// every database takes it before the first look at a table. Table is one of the
// feed's.
func EmitHead(ctx context.Context, db *sqldb.DB, tx *sql.Tx, table string, emit func(Line) error) error {
	var some bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+table+")").Scan(&some); err != nil {
		return err
	}
	now, err := db.NowIn(ctx, tx)
	if err != nil {
		return err
	}
	return emit(Line{Head: &Head{At: now}})
}

// EmitRows emits each row of a query as scan reads it. It ends with the first
// error, emit's among them.
func EmitRows(ctx context.Context, tx *sql.Tx, emit func(Line) error, scan func(*sql.Rows) (Line, error), query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		l, err := scan(rows)
		if err != nil {
			return err
		}
		if err := emit(l); err != nil {
			return err
		}
	}
	return rows.Err()
}
