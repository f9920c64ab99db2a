package sqldb_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

func TestInsert_keeps_every_value(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 28, 23, 59, 59, 999_999_000, time.UTC)
	rows := [][]any{
		{key(1), "plain", int64(math.MaxInt64), true, at},
		{key(2), `quotes " ' \ and <&> , [{}]`, int64(math.MinInt64), false, at.In(time.FixedZone("", 3600))},
		{key(3), "日本語 ümlaut 🎉 \u2028 \x7f", int64(1<<53 + 1), true, time.UnixMicro(-1)},
		{key(4), "line\r\n\ttab \x01\x1f", -(1<<53 + 1), true, time.UnixMicro(0)},
		{key(5), "", 0, false, time.Time{}},
		{key(6), nil, nil, nil, nil},
	}
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		inTx(t, db, func(tx *sqldb.Tx) error { return tx.Insert("items", all, rows) })
		got := mustLoad(t, db, key(1), key(2), key(3), key(4), key(5), key(6))
		if len(got) != len(rows) {
			t.Fatalf("got %d rows, want %d", len(got), len(rows))
		}
		for i, want := range rows[:5] {
			g := got[i]
			quantity, wide := want[2].(int64)
			if !wide {
				quantity = int64(want[2].(int))
			}
			if g.id != want[0] || *g.name != want[1] || *g.qty != quantity || *g.open != want[3] || !g.due.Equal(want[4].(time.Time)) {
				t.Errorf("row %d: got %q %q %d %v %v, want %v", i, g.id, *g.name, *g.qty, *g.open, g.due, want)
			}
			if g.due.Location() != time.UTC {
				t.Errorf("row %d: got a time in %v, want UTC", i, g.due.Location())
			}
		}
		if g := got[5]; g.name != nil || g.qty != nil || g.open != nil || !g.due.IsZero() {
			t.Errorf("got %v, want NULL in every column but the key", g)
		}
		var timeless int
		err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM items WHERE due IS NULL").Scan(&timeless)
		if err != nil || timeless != 2 {
			t.Errorf("%d rows have NULL for their time, %v; want 2, the zero time's and nil's", timeless, err)
		}
	})
}

func TestSet_statements_take_any_number_of_rows(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for _, size := range []int{0, 1, 1000} {
			rows, changed := make([][]any, size), make([][]any, size)
			ids, keys := make([]string, size), make([]any, size)
			for i := range size {
				ids[i], keys[i] = key(i), key(i)
				rows[i] = []any{key(i), "before", i}
				changed[i] = []any{key(i), "before", nil, -i}
			}
			inTx(t, db, func(tx *sqldb.Tx) error {
				return tx.Insert("items", []sqldb.Column{id, name, qty}, rows)
			})
			if got := mustLoad(t, db, ids...); len(got) != size {
				t.Errorf("inserted %d rows, %d are there", size, len(got))
			}
			inTx(t, db, func(tx *sqldb.Tx) error {
				return tx.Update("items", []sqldb.Column{id, name}, []sqldb.Column{open, qty}, changed)
			})
			for i, got := range mustLoad(t, db, ids...) {
				if *got.qty != int64(-i) || *got.name != "before" {
					t.Fatalf("row %d of %d: got %q %d, want its own new value", i, size, *got.name, *got.qty)
				}
			}
			inTx(t, db, func(tx *sqldb.Tx) error { return tx.Delete("items", id, keys) })
			if got := mustLoad(t, db, ids...); len(got) != 0 {
				t.Errorf("%d of %d rows are still there", len(got), size)
			}
		}
	})
}

func TestSet_statements_of_no_rows_are_not_sent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db, cols := e.open(t), []sqldb.Column{id}
		inTx(t, db, func(tx *sqldb.Tx) error {
			return errors.Join(tx.Delete("missing", id, nil), tx.Insert("missing", cols, nil), tx.Update("missing", cols, cols, nil))
		})
	})
}

func TestUpdate_leaves_other_rows_alone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		mustInsert(t, db, 1, 1)
		mustInsert(t, db, 2, 2)
		inTx(t, db, func(tx *sqldb.Tx) error {
			return tx.Update("items", []sqldb.Column{id}, []sqldb.Column{qty}, [][]any{{key(2), 9}})
		})
		if got := mustLoad(t, db, key(1), key(2)); *got[0].qty != 1 || *got[1].qty != 9 {
			t.Errorf("got %d and %d, want 1 and 9", *got[0].qty, *got[1].qty)
		}
	})
}

func TestUpdate_of_rows_that_are_not_there_once_each_fails(t *testing.T) {
	t.Parallel()
	tests := map[string][][]any{
		"missing": {{key(1), 5}, {key(2), 5}},
		"twice":   {{key(1), 5}, {key(1), 6}},
	}
	onEach(t, func(t *testing.T, e engine) {
		db, ctx := withItems(t, e), t.Context()
		mustInsert(t, db, 1, 1)
		for name, rows := range tests {
			err := db.InTx(ctx, func(tx *sqldb.Tx) error {
				return tx.Update("items", []sqldb.Column{id}, []sqldb.Column{qty}, rows)
			})
			if err == nil || db.Retryable(err) || !strings.Contains(err.Error(), "update 2 rows of items: 1 row") {
				t.Errorf("%s: got %v, retryable %v; want a lasting error that says so", name, err, db.Retryable(err))
			}
		}
		if got := mustLoad(t, db, key(1)); *got[0].qty != 1 {
			t.Errorf("got %d, want what was there before", *got[0].qty)
		}
	})
}

func TestDelete_of_what_is_not_there(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		mustInsert(t, db, 1, 5)
		mustInsert(t, db, 2, 6)
		inTx(t, db, func(tx *sqldb.Tx) error {
			return tx.Delete("items", qty, []any{5, 7})
		})
		if got := mustLoad(t, db, key(1), key(2)); len(got) != 1 || got[0].id != key(2) {
			t.Errorf("got %v, want the second row alone", got)
		}
	})
}

func TestIn_with_other_placeholders_and_a_lock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db, ctx := withItems(t, e), t.Context()
		for n := range 4 {
			mustInsert(t, db, n, int64(n))
		}
		inTx(t, db, func(tx *sqldb.Tx) error {
			predicate, arg := db.In(sqldb.Column{Name: "items.id", Type: sqldb.UUID}, 2, []string{key(1), key(2), key(3)})
			var n int
			var first string
			tx.Query("select", "SELECT id FROM items WHERE "+predicate+" AND qty > $1 ORDER BY id"+db.Lock(), func(r sqldb.Row) error {
				if n++; n > 1 {
					return nil
				}
				return r.Scan(&first)
			}, 1, arg)
			err := tx.Send(ctx)
			if n != 2 || first != key(2) {
				t.Errorf("got %d rows from %s, want 2 from %s", n, first, key(2))
			}
			return err
		})
	})
}

func TestIn_text_takes_what_Insert_took(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db, ctx := withItems(t, e), t.Context()
		odd := `é " \ <b> {1,2} NULL`
		inTx(t, db, func(tx *sqldb.Tx) error {
			return tx.Insert("items", []sqldb.Column{id, name}, [][]any{{key(1), odd}, {key(2), "NULL"}, {key(3), nil}})
		})
		predicate, arg := db.In(name, 1, []string{odd, "NULL"})
		var n int
		if err := db.Reader().QueryRowContext(ctx, "SELECT count(*) FROM items WHERE "+predicate, arg).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != 2 {
			t.Errorf("found %d rows, want 2", n)
		}
	})
}
