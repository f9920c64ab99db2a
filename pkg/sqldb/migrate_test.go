package sqldb_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/pkg/sqldb"
)

// withSecond is items and one migration more, which fails when it runs twice.
func withSecond() fstest.MapFS {
	fsys := items()
	for _, engine := range []string{"sqlite", "postgres"} {
		fsys["migrations/"+engine+"/00002_note.sql"] = file("ALTER TABLE items ADD COLUMN note TEXT")
	}
	return fsys
}

func TestMigrate_by_ten_replicas_at_once_applies_each_once(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T) (engine, int){
		// One process owns an SQLite file, but it may call Migrate as it likes.
		"sqlite":   func(t *testing.T) (engine, int) { return onSQLite(t), 1 },
		"postgres": func(t *testing.T) (engine, int) { return onPostgres(t), 10 },
	}
	for name, setup := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, replicas := setup(t)
			group, ctx := errgroup.WithContext(t.Context())
			for range replicas {
				db := e.open(t)
				for range 10 / replicas {
					group.Go(func() error { return db.Migrate(ctx, schema(withSecond())) })
				}
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			db := e.open(t)
			var n int
			err := db.Reader().QueryRowContext(t.Context(),
				"SELECT count(*) FROM test_migrations WHERE version_id > 0").Scan(&n)
			if err != nil || n != 2 {
				t.Errorf("got %d applied migrations, %v; want 2", n, err)
			}
		})
	}
}

func TestMigrate_refuses_a_newer_database_and_leaves_it_alone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		changed := withSecond()
		changed["migrations/"+e.name+"/00100_changed.sql"] = file("ALTER TABLE items RENAME TO things")
		mustMigrate(t, db, changed)
		for name, known := range map[string]fstest.MapFS{"up to version 1": items(), "up to version 2": withSecond()} {
			err := db.Migrate(t.Context(), schema(known))
			if err == nil || !strings.Contains(err.Error(), "version 100") || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, want an error that names version 100 and %s", err, name)
			}
		}
		mustMigrate(t, db, changed)
	})
}

// G7: a build can be rolled back over what only adds.
func TestMigrate_takes_a_database_to_which_a_newer_build_added(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		mustMigrate(t, db, withSecond())
		mustMigrate(t, db, items())
		if err := db.Check(t.Context(), schema(items())); err != nil {
			t.Error(err)
		}
		mustMigrate(t, db, withSecond())
	})
}

func TestMigrate_keeps_sets_of_migrations_apart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		other := fstest.MapFS{"migrations/" + e.name + "/00001_other.sql": file("CREATE TABLE other (id INT)")}
		if err := db.Migrate(t.Context(), sqldb.Schema{Tables: []sqldb.Tables{{Name: "other", Files: other}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Reader().ExecContext(t.Context(), "SELECT id FROM other"); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrate_that_fails_names_the_version_and_can_be_mended(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		broken := items()
		broken["migrations/"+e.name+"/00002_broken.sql"] = file("CREATE TABLE half (id INT);\nSELEC 1")
		err := db.Migrate(t.Context(), schema(broken))
		if err == nil || !strings.Contains(err.Error(), "version:2") {
			t.Errorf("got %v, want an error that names version 2", err)
		}
		mended := items()
		mended["migrations/"+e.name+"/00002_mended.sql"] = file("CREATE TABLE half (id INT)")
		mustMigrate(t, db, mended)
	})
}

// A migration whose connection is killed half-way leaves nothing behind, and is
// applied from its beginning by whoever comes next.
func TestMigrate_that_is_killed_half_way(t *testing.T) {
	t.Parallel()
	e := onPostgres(t)
	db := withItems(t, e)
	long := items()
	long["migrations/postgres/00002_long.sql"] = file("CREATE TABLE half (id int);\nSELECT pg_sleep(60)")
	killed := make(chan error)
	victim := e.open(t)
	go func() { killed <- victim.Migrate(t.Context(), schema(long)) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := 0; n == 0; <-tick.C {
		err := db.Reader().QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event = 'PgSleep'`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-killed; err == nil || !db.Retryable(err) {
		t.Errorf("got %v, want an error that passes", err)
	}
	if versions, err := db.Versions(t.Context(), schema(long)); err != nil || versions[1].Applied() {
		t.Errorf("got %+v, %v; want version 2 not applied", versions, err)
	}
	short := items()
	short["migrations/postgres/00002_long.sql"] = file("CREATE TABLE half (id int)")
	mustMigrate(t, db, short)
}

func TestMigrate_without_files_or_in_no_time_fails(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		if err := db.Migrate(t.Context(), schema(fstest.MapFS{})); err == nil || !strings.Contains(err.Error(), e.name) {
			t.Errorf("got %v, want an error that names the folder", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Migrate(ctx, schema(items())); err == nil {
			t.Error("got no error after the context ended")
		}
	})
}

func mustMigrate(t *testing.T, db *sqldb.DB, fsys fstest.MapFS) {
	t.Helper()
	if err := db.Migrate(t.Context(), schema(fsys)); err != nil {
		t.Fatal(err)
	}
}
