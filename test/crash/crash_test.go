package crash

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"orderly/internal/pgtest"
	"orderly/payment"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// story is what an order goes through, and how its payment may end.
type story struct {
	name string
	tell func(ctx context.Context, o *order) error
	ends []payment.State
}

// stories are all ways in which the two events that payment hears may come.
func stories(outcome string) []story {
	paid := payment.Captured
	if outcome == "decline" {
		paid = payment.Failed
	}
	return []story{
		{"paid", func(ctx context.Context, o *order) error { return o.reserved(ctx) }, []payment.State{paid}},
		{"cancelled meanwhile", func(ctx context.Context, o *order) error {
			if err := o.reserved(ctx); err != nil {
				return err
			}
			return o.cancelled(ctx)
		}, []payment.State{payment.Dead, payment.Failed, payment.Refunded}},
		{"cancelled during the call", func(ctx context.Context, o *order) error {
			if err := o.reserved(ctx); err != nil {
				return err
			}
			if err := o.awaitState(ctx, payment.Charging, paid); err != nil {
				return err
			}
			return o.cancelled(ctx)
		}, []payment.State{payment.Failed, payment.Refunded}},
		{"cancelled later", func(ctx context.Context, o *order) error {
			if err := o.reserved(ctx); err != nil {
				return err
			}
			if err := o.awaitState(ctx, paid); err != nil {
				return err
			}
			return o.cancelled(ctx)
		}, []payment.State{payment.Failed, payment.Refunded}},
		{"cancelled first", func(ctx context.Context, o *order) error {
			if err := o.cancelled(ctx); err != nil {
				return err
			}
			if err := o.awaitState(ctx, payment.Dead); err != nil {
				return err
			}
			return o.reserved(ctx)
		}, []payment.State{payment.Dead}},
	}
}

// G1, G2: a death at every step, under every outcome of the gateway, ends in one
// terminal state that the gateway's ledger agrees with.
func TestG2_every_step_dies_under_every_outcome(t *testing.T) {
	t.Parallel()
	var graves sync.WaitGroup // one for all: a lane that waited for its dead would hold up the next
	t.Cleanup(graves.Wait)
	for name, open := range map[string]func(t *testing.T) *sqldb.DB{"sqlite": onSQLite, "postgres": onPostgres} {
		for outcome := range outcomes() {
			for _, s := range stories(outcome) {
				t.Run(name+"/"+outcome+"/"+s.name, func(t *testing.T) {
					t.Parallel()
					newLane(t, open(t), outcome, s, &graves).walk(t)
				})
			}
		}
	}
}

// walk dies at each step of the lane's story.
func (l *lane) walk(t *testing.T) {
	for step, steps := 0, 0; step <= steps; step++ {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		taken, err := l.play(ctx, step)
		cancel()
		if err != nil {
			t.Error(err)
			return
		}
		if step == 0 {
			steps = taken
		}
		if steps < 3 { // its last answer, committed and published
			t.Errorf("%s has only %d steps: what counts them is broken", l.name, steps)
			return
		}
	}
	// Where the cancellation comes between a call and its outcome, it is answered by
	// the refund that the reservation waits for: each death on the way of the refund,
	// about a quarter of the steps, then leaves it to the redrive.
	if l.redriven > l.orders/2 {
		t.Errorf("%s: %d of %d orders needed a redrive, which is for what seldom happens", l.name, l.redriven, l.orders)
	}
}

func onSQLite(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), "payment.db"))
	return opened(t, db, err)
}

func onPostgres(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.DSN(t))
	return opened(t, db, err)
}

func opened(t *testing.T, db *sqldb.DB, err error) *sqldb.DB {
	t.Helper()
	ok(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
