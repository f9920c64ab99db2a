package postgres

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"orderly/pkg/sqldb"
)

// args encodes rows as one array for each column.
func args(cols []sqldb.Column, rows [][]any) ([]any, error) {
	arrays := make([]any, len(cols))
	for i, c := range cols {
		array, err := column(c, rows, i)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		arrays[i] = array
	}
	return arrays, nil
}

func column(c sqldb.Column, rows [][]any, i int) (any, error) {
	switch c.Type {
	case sqldb.UUID:
		return array(rows, i, scanUUID)
	case sqldb.Int, sqldb.Time:
		if plain, ok := whole[int64](rows, i); ok {
			return plain, nil
		}
		return array(rows, i, func(cell *pgtype.Int8, v any) error { return cell.Scan(v) })
	case sqldb.Bool:
		return array(rows, i, func(cell *pgtype.Bool, v any) error { return cell.Scan(v) })
	default:
		if plain, ok := whole[string](rows, i); ok {
			return plain, nil
		}
		return array(rows, i, func(cell *pgtype.Text, v any) error { return cell.Scan(v) })
	}
}

// whole takes the values at position i of rows if none of them is NULL, which
// saves the wrapping of each.
func whole[T any](rows [][]any, i int) (pgtype.FlatArray[T], bool) {
	cells := make(pgtype.FlatArray[T], len(rows))
	for r, row := range rows {
		v, ok := row[i].(T)
		if !ok {
			return nil, false
		}
		cells[r] = v
	}
	return cells, true
}

// array takes the values at position i of rows; a cell that is not set is NULL.
func array[T any](rows [][]any, i int, set func(cell *T, v any) error) (pgtype.FlatArray[T], error) {
	cells := make(pgtype.FlatArray[T], len(rows))
	for r, row := range rows {
		if err := set(&cells[r], row[i]); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

// scanUUID reads a UUID of 36 characters, as its column was checked to hold.
func scanUUID(cell *pgtype.UUID, v any) error {
	text, ok := v.(string)
	if !ok {
		return cell.Scan(v)
	}
	id, err := uuid.Parse(text)
	*cell = pgtype.UUID{Bytes: id, Valid: err == nil}
	return err
}
