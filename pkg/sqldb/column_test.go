package sqldb_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

func TestInsert_refuses_what_a_column_cannot_hold(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		column sqldb.Column
		value  any
	}{
		"NUL in text":           {name, "a\x00b"},
		"text that is not UTF8": {name, "a\xffb"},
		"bytes as text":         {name, []byte("a")},
		"number as text":        {name, 1},
		"text as number":        {qty, "1"},
		"float as number":       {qty, 1.5},
		"number of 65 bits":     {qty, uint64(math.MaxInt64 + 1)},
		"time as number":        {qty, time.Now()},
		"number as bool":        {open, 1},
		"bool as time":          {due, true},
		"UUID in upper case":    {id, strings.ToUpper(key(10))},
		"UUID without dashes":   {id, strings.ReplaceAll(key(1), "-", "0")},
		"short UUID":            {id, key(1)[1:]},
		"empty UUID":            {id, ""},
		"a struct":              {name, struct{}{}},
	}
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for name, test := range tests {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				return tx.Insert("items", []sqldb.Column{test.column}, [][]any{{test.value}})
			})
			if err == nil || db.Retryable(err) || !strings.Contains(err.Error(), "column "+test.column.Name) {
				t.Errorf("%s: got %v, retryable %v; want a lasting error that names the column", name, err, db.Retryable(err))
			}
		}
	})
}

func TestIn_of_a_value_that_the_column_cannot_hold_fails_the_query(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		_, err := load(t.Context(), db, "not a UUID")
		if err == nil || !strings.Contains(err.Error(), "not a UUID") {
			t.Errorf("got %v, want an error that shows the value", err)
		}
	})
}

type orderID string

func TestInsert_takes_named_types_and_pointers(t *testing.T) {
	t.Parallel()
	at, label := time.UnixMicro(77).UTC(), "label"
	var none *time.Time
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		inTx(t, db, func(tx *sqldb.Tx) error {
			return tx.Insert("items", []sqldb.Column{id, name, due},
				[][]any{{orderID(key(1)), &label, &at}, {orderID(key(2)), nil, none}, {key(3), "x", sqldb.Micros(at)}})
		})
		got := mustLoad(t, db, key(1), key(2), key(3))
		if *got[0].name != label || !got[0].due.Equal(at) || !got[1].due.IsZero() || !got[2].due.Equal(at) {
			t.Errorf("got %v, want label and %v, NULL, %v", got, at, at)
		}
	})
}

func TestInsert_of_a_row_of_the_wrong_width_fails(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for _, row := range [][]any{{key(1)}, {key(1), 2, 3}} {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				return tx.Insert("items", []sqldb.Column{id, qty}, [][]any{row})
			})
			if err == nil || db.Retryable(err) {
				t.Errorf("%d values: got %v, want a lasting error", len(row), err)
			}
		}
	})
}

func TestScanTime_refuses_another_type(t *testing.T) {
	t.Parallel()
	var at time.Time
	if err := sqldb.ScanTime(&at).Scan("2026-01-01"); err == nil {
		t.Error("got no error for text")
	}
}
