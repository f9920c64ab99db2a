package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func mustOpen(t *testing.T, path string) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// exec runs one statement in a write transaction.
func exec(t *testing.T, db *sqldb.DB, statement string, args ...any) error {
	t.Helper()
	return db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("try", statement, args...)
		return nil
	})
}

func mustExec(t *testing.T, db *sqldb.DB, statement string, args ...any) {
	t.Helper()
	if err := exec(t, db, statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_of_an_unusable_path_names_it_and_the_remedy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	write(t, text, bytes.Repeat([]byte("this is no database\n"), 1000))
	tests := map[string]struct{ path, want string }{
		"not a database": {text, "not an SQLite database"},
		"a folder":       {dir, "not a regular file"},
		"no folder":      {filepath.Join(dir, "missing", "x.db"), "create it first"},
		"below a file":   {filepath.Join(text, "x.db"), "not a folder"},
		"read-only":      {"/proc/orderly.db", "cannot be written"},
	}
	for name, test := range tests {
		_, err := sqlite.Open(t.Context(), test.path)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.path) {
			t.Errorf("%s: got %v, want %q and the path", name, err, test.want)
		}
	}
	if _, err := (sqlite.Options{Synchronous: "NONE"}).Open(t.Context(), filepath.Join(dir, "x.db")); err == nil {
		t.Error("unknown Synchronous: got no error")
	}
}

func TestOpen_of_a_damaged_database_fails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db := mustOpen(t, path)
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const header = 100
	copy(image[header:], bytes.Repeat([]byte{0xff}, 200))
	write(t, path, image)
	_, err = sqlite.Open(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v, want an error that says that the file is damaged", err)
	}
}

func TestOpen_of_a_database_that_is_damaged_in_the_middle_fails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db := mustOpen(t, path)
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
	for range 100 {
		mustExec(t, db, "INSERT INTO items VALUES ($1)", strings.Repeat("x", 1000))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for first := page; first+page <= len(sound); first += 7 * page {
		image := bytes.Clone(sound)
		copy(image[first:first+page], bytes.Repeat([]byte{0xa5}, page))
		write(t, path, image)
		_, err := sqlite.Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), path) {
			t.Errorf("page %d: got %v, want an error that says that the file is damaged", first/page+1, err)
		}
	}
	write(t, path, sound)
	mustOpen(t, path)
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_sets_what_the_connections_promise(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "odd name ?#%41.db"))
	pragma := func(q interface {
		QueryRow(string, ...any) *sql.Row
	}, name string) (value string) {
		if err := q.QueryRow("PRAGMA " + name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	err := db.InTx(t.Context(), func(queue *sqldb.Tx) error {
		tx, err := queue.SQL(t.Context())
		if err != nil {
			return err
		}
		for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "0"} {
			if got := pragma(tx, name); got != want {
				t.Errorf("writer's %s = %s, want %s", name, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := pragma(db.Reader(), "query_only"); got != "1" {
		t.Errorf("reader's query_only = %s, want 1", got)
	}
	if _, err := db.Reader().ExecContext(t.Context(), "CREATE TABLE items (id TEXT)"); err == nil {
		t.Error("the reader made a table")
	}
}

func TestOpen_keeps_the_data_in_the_file_it_was_given(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odd name ?#%41.db")
	db := mustOpen(t, path)
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(files) != 1 || files[0] != path {
		t.Errorf("got files %q, want %q alone, its log folded in", files, path)
	}
	if _, err := mustOpen(t, path).Reader().ExecContext(t.Context(), "SELECT id FROM items"); err != nil {
		t.Error(err)
	}
}

func TestOptions_Synchronous(t *testing.T) {
	t.Parallel()
	for level, want := range map[sqlite.Synchronous]int{sqlite.Off: 0, sqlite.Normal: 1, sqlite.Full: 2} {
		db, err := sqlite.Options{Synchronous: level}.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
		if err != nil {
			t.Fatal(err)
		}
		err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			var got int
			tx.Query("ask", "PRAGMA synchronous", func(r sqldb.Row) error { return r.Scan(&got) })
			err := tx.Send(t.Context())
			if got != want {
				t.Errorf("%s: got %d, want %d", level, got, want)
			}
			return err
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestPing_of_a_file_that_was_overwritten_fails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db := mustOpen(t, path)
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
	fold(t, path)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatalf("before: %v", err)
	}
	write(t, path, bytes.Repeat([]byte("no database any more\n"), 1000))
	if err := db.Ping(t.Context()); err == nil {
		t.Error("got no error, want one: nothing can be read from the file")
	}
}

// fold has SQLite move what is in the log to the file.
func fold(t *testing.T, path string) {
	t.Helper()
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var busy, pages, moved int
	if err := other.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil || busy != 0 {
		t.Fatalf("checkpoint: busy %d, %v", busy, err)
	}
}
