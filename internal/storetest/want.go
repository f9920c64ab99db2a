package storetest

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"orderly/pkg/sqldb"
)

// Want fails the test unless got, printed, is what is wanted.
func Want(t testing.TB, what string, got, wanted any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(wanted); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

// WantRefused fails the test unless the input was refused for a reason, and
// nothing else became of it.
func WantRefused(t testing.TB, a Answer, reason error) {
	t.Helper()
	if !errors.Is(a.Err, reason) || len(a.Events) != 0 || a.Call != nil {
		t.Errorf("got %v with events %v, want nothing but the error %q", a.Err, a.Says(), reason)
	}
}

// Rows returns what a query finds, each row's columns joined by spaces; NULL is
// nothing.
func Rows(t testing.TB, db *sqldb.DB, query string, args ...any) []string {
	t.Helper()
	found, err := db.Reader().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	var out []string
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(cells))
		for i, c := range cells {
			texts[i] = c.String
		}
		out = append(out, strings.Join(texts, " "))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}
