package sqldb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

func shown(versions []sqldb.Version) string {
	var out []string
	for _, v := range versions {
		out = append(out, fmt.Sprintf("%s %d %q %v", v.Tables, v.Number, v.Name, v.Applied()))
	}
	return strings.Join(out, ", ")
}

func TestVersions_tell_what_is_there_and_change_nothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		two, one := schema(withSecond()), schema(items())
		want := func(s sqldb.Schema, want string) {
			t.Helper()
			versions, err := db.Versions(t.Context(), s)
			if err != nil || shown(versions) != want {
				t.Errorf("got %s, %v; want %s", shown(versions), err, want)
			}
			for _, v := range versions {
				if age := time.Since(v.At); v.Applied() && (age < -time.Minute || age > time.Minute) {
					t.Errorf("version %d was applied at %v", v.Number, v.At)
				}
			}
		}
		pending := func(s sqldb.Schema, words string) {
			t.Helper()
			if err := db.Check(t.Context(), s); !errors.Is(err, sqldb.ErrPending) || !strings.Contains(err.Error(), words) {
				t.Errorf("got %v, want that it has to be migrated, with %q", err, words)
			}
		}
		want(two, `test 1 "items" false, test 2 "note" false`)
		pending(two, "version 1, items")
		var tables int
		count := map[string]string{"sqlite": "sqlite_schema", "postgres": "pg_tables WHERE schemaname = current_schema()"}
		if err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM "+count[e.name]).Scan(&tables); err != nil || tables != 0 {
			t.Errorf("%d tables were made, %v", tables, err)
		}
		if err := db.Migrate(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		want(two, `test 1 "items" true, test 2 "note" false`)
		pending(two, "version 2, note")
		if err := db.Check(t.Context(), one); err != nil {
			t.Error(err)
		}
		if err := db.Migrate(t.Context(), two); err != nil {
			t.Fatal(err)
		}
		want(one, `test 1 "items" true, test 2 "" true`)
		if err := db.Check(t.Context(), one); err != nil { // version 2 only adds
			t.Error(err)
		}
	})
}
