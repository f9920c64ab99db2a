package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"orderly/internal/pgtest"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// counters is a service that adds one to the counter that an input names. It
// reads the row as a careless one does: nobody waits for it.
type counters struct{ db *sqldb.DB }

var service = Service{Schema: counterSchema(), New: func(db *sqldb.DB, _ *event.Registry) engine.Decider { return counters{db} }}

func counterSchema() sqldb.Schema {
	file := &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE counters (id bigint NOT NULL PRIMARY KEY, n bigint NOT NULL);\n")}
	return sqldb.Schema{Tables: []sqldb.Tables{{Name: "counters", Files: fstest.MapFS{
		"migrations/sqlite/1_counters.sql": file, "migrations/postgres/1_counters.sql": file,
	}}}}
}

func (c counters) Load(context.Context, *sqldb.Tx, []*engine.Input) (engine.State, error) {
	return &counted{}, nil
}

type counted struct{ ids []int }

func (c *counted) Decide(_ context.Context, _ time.Time, in *engine.Input) (engine.Decision, error) {
	c.ids = append(c.ids, in.Body.(int))
	return engine.Decision{}, nil
}

func (c *counted) Save(_ context.Context, tx *sqldb.Tx) error {
	for _, id := range c.ids {
		tx.Exec("count", "INSERT INTO counters (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = counters.n + 1", id)
	}
	return nil
}

func (c *counted) Committed() {}

func TestSchedules_are_all_there(t *testing.T) {
	t.Parallel()
	all := schedules()
	Want(t, "schedules", len(slices.Compact(slices.Sorted(slices.Values(all)))), 20) // 6 over 3
	for _, s := range all {
		Want(t, s, []int{len(s), strings.Count(s, "a")}, "[6 3]")
	}
}

// Both take their steps when they are told to, and the one that needs the
// other's row waits: the number is right, and nobody runs again.
func TestOnEverySchedule_takes_each_step_in_turn(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r Replica, n int) Race {
		return Race{A: []any{n}, B: []any{n}, Check: func(t *testing.T, _, _ *Actor) {
			Want(t, "counted", Rows(t, r.DB, "SELECT n FROM counters WHERE id = $1", n), "[2]")
		}}
	})
	WantNoReruns(t, reruns)
}

// The counters are taken in the order of the inputs, which is what must not be.
func TestInCircle_finds_a_circle(t *testing.T) {
	t.Parallel()
	d := service.OnPostgres(t)
	first, second := d.Replica(t), d.Replica(t)
	first.Do(t, 1, 2)
	const take = "SELECT FROM counters WHERE id = $1 FOR UPDATE"
	if err := inCircle(t, d, take, 1, 2, NewActor(first, 1, 2), NewActor(second, 1, 2)); err != nil {
		t.Errorf("got %v of two that go the same way", err)
	}
	if err := inCircle(t, d, take, 1, 2, NewActor(first, 1, 2), NewActor(second, 2, 1)); err == nil {
		t.Error("got nothing, want that the second waits for 1 and has 2")
	}
	Want(t, "counted", Rows(t, first.DB, "SELECT n FROM counters ORDER BY id"), "[5 5]")
}

func TestSpy_loses_the_answer_of_one_commit(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d Database) {
		r, spy := d.Spied(t)
		spy.LoseNextCommit()
		if _, err := r.Try(t.Context(), 1); err == nil || !r.DB.Retryable(err) {
			t.Errorf("got %v, want an error that says to try again", err)
		}
		Want(t, "committed all the same", Rows(t, r.DB, "SELECT n FROM counters"), "[1]")
		spy.LoseNextCommit()
		_, failures, err := r.Commit(t.Context(), 1)
		Want(t, "runs again", []any{len(failures), err}, []any{1, nil})
		Want(t, "twice", Rows(t, r.DB, "SELECT n FROM counters"), "[3]")
	})
}

func TestWantPlans_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d Database) {
		r, spy := d.Spied(t)
		d.Fill(t, r.DB, "counters", "SELECT i, i FROM series")
		Want(t, "filled", Rows(t, r.DB, "SELECT count(*), max(id) FROM counters"), fmt.Sprintf("[%d %d]", d.Many(), d.Many()-1))
		faults := func(query string, walks ...string) int {
			seen := spy.During(func() {
				rows, err := r.DB.Reader().QueryContext(t.Context(), query, 7)
				if err != nil {
					t.Fatal(err)
				}
				if err := rows.Close(); err != nil {
					t.Error(err)
				}
			})
			Want(t, "statements", len(seen), 1)
			return len(d.faults(t, r.DB, seen[0], walks))
		}
		Want(t, "by the key", faults("SELECT n FROM counters WHERE id = $1"), 0)
		Want(t, "from end to end", faults("SELECT id FROM counters WHERE n = $1"), 1)
		Want(t, "a walk", faults("SELECT id FROM counters WHERE n = $1", "counters"), 0)
		Want(t, "another table's walk", faults("SELECT id FROM counters WHERE n = $1", "others"), 1)
	})
}
