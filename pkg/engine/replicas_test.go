package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

// An attempt that another replica counts meanwhile is not lost.
func TestEngine_attempts_of_two_replicas(t *testing.T) {
	t.Parallel()
	r := newRig(t, onPostgres(t))
	second := newGate()
	r.bank.decide = func(_ context.Context, _ *engine.Input, d deposit) error {
		if r.bank.decisions(d.ID) == 2 {
			second.pass()
		}
		return errors.New("no luck")
	}
	r.publish(one(1, ""))
	r.start(func(c *engine.Config) { c.MaxAttempts = 3 })
	<-second.reached
	err := r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("count", "UPDATE engine_attempts SET attempts = attempts + 1")
		if err := tx.Send(t.Context()); err != nil {
			return err
		}
		second.open()
		r.await("the engine waits for the row", func() bool {
			return r.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.drained()
	r.wantDeaths(map[string]death{r.made(one(1, "")).ID: {"attempts_exhausted", 3}})
	if n := r.bank.decisions(depositID(1)); n != 2 {
		t.Errorf("decided %d times here, want 2: the other replica counted the third attempt", n)
	}
}

// All replicas write their marks in one order, whatever came first.
func TestEngine_marks_are_written_in_order(t *testing.T) {
	t.Parallel()
	r := newRig(t, onPostgres(t))
	names := []string{"z", "m", "a", "k"}
	var consumers []engine.Consumer
	for _, name := range names {
		_, err := r.js.CreateConsumer(t.Context(), "deposits", jetstream.ConsumerConfig{
			Durable: name, FilterSubject: "deposits.made.v1." + name, AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
		consumers = append(consumers, engine.Consumer{Stream: "deposits", Name: name})
	}
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	e := r.start(func(c *engine.Config) { c.Consumers = consumers })
	go func() { _, _ = e.Do(t.Context(), one(0, ""), engine.Meta{}) }()
	<-hold.reached
	for n, lane := range names {
		made := r.made(one(1+n, ""))
		made.Lane = lane
		r.sendRaw(alone(t, r, made))
	}
	r.await("all is in hand", func() bool { return e.InHand() == 1+len(names) })
	hold.open()
	r.await("all is decided", func() bool { return e.InHand() == 0 })
	rows, err := r.db.Reader().Query("SELECT consumer FROM engine_marks ORDER BY ctid")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var got []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if !slices.IsSorted(got) || len(got) != len(names) {
		t.Errorf("written in the order %v", got)
	}
}

// A database that lets every transaction fail at once is no loop that hangs.
func TestEngine_Stalled_is_about_one_transaction(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	violation := r.uniqueViolation()
	began := make(chan time.Time, 1)
	var worst time.Duration
	var e *engine.Engine
	hold := newGate()
	var runs int
	r.bank.onLoad = func([]*engine.Input) error {
		hold.pass()
		if runs++; runs == 1 {
			began <- time.Now()
		}
		worst = max(worst, e.Stalled())
		if runs <= 3 {
			return violation
		}
		if whole := time.Since(<-began); worst <= 0 || worst >= whole {
			t.Errorf("stalled for %v in runs of altogether %v", worst, whole)
		}
		return nil
	}
	e = r.start(nil)
	r.publish(one(1, ""))
	<-hold.reached
	hold.open()
	r.drained()
	r.wantBalance(1)
}
