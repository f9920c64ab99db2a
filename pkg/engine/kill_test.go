package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
	"orderly/pkg/sqldb/sqlite"
)

// The victim is this test's program, run once more to be killed. Its environment
// says where its database is, where the broker is, and what it does.
const (
	victimDir  = "ORDERLY_TEST_VICTIM_DIR"
	victimURL  = "ORDERLY_TEST_VICTIM_URL"
	victimDoes = "ORDERLY_TEST_VICTIM_DOES" // buries, replays
)

// live is the victim's main function.
func live(dir string) {
	if err := run(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string) error {
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(ctx, filepath.Join(dir, "bank.db"))
	if err != nil {
		return err
	}
	bus, err := natsbus.Connect(ctx, natsbus.Config{URL: os.Getenv(victimURL)})
	if err != nil {
		return err
	}
	registry, err := newContracts()
	if err != nil {
		return err
	}
	b := &bank{db: db, seen: map[string]int{}}
	cfg := engine.Config{
		Name: service, DB: db, Decider: b, JetStream: bus.JetStream(), Registry: registry,
		RetryPause: time.Millisecond, MaxInputs: 8,
	}
	if os.Getenv(victimDoes) == "buries" {
		b.faults()
		b.decide = lethal(b.decide)
		cfg.Consumers = []engine.Consumer{{Stream: "deposits", Name: service}}
	}
	e, err := engine.New(cfg)
	if err != nil {
		return err
	}
	if err := e.Start(); err != nil {
		return err
	}
	for len(cfg.Consumers) == 0 { // replays, until it is killed or all are replayed
		left, err := e.DeadLetters().List(ctx, engine.LetterFilter{Limit: 20})
		if err != nil || len(left) == 0 {
			return errors.Join(err, e.Stop(ctx))
		}
		var ids []string
		for _, l := range left {
			ids = append(ids, l.ID)
		}
		if _, err := e.DeadLetters().Replay(ctx, ann, ids...); err != nil {
			return err
		}
	}
	select {}
}

// lethal makes a deposit whose note is "kill" the end of the process.
func lethal(decide func(context.Context, *engine.Input, deposit) error) func(context.Context, *engine.Input, deposit) error {
	return func(ctx context.Context, in *engine.Input, d deposit) error {
		if d.Note == "kill" {
			os.Exit(137)
		}
		return decide(ctx, in, d)
	}
}

// killable is a rig on a broker that listens and a database that a victim shares.
func killable(t *testing.T) (*rig, *victims) {
	t.Helper()
	dir := t.TempDir()
	server, err := natsembed.Start(natsembed.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", MaxStore: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(dir, "bank.db"))
	r := newRigOn(t, prepared(t, db, err), js)
	for _, name := range []string{"deposits", "balances", "dlq"} {
		r.makeStream(name)
	}
	r.makeConsumer()
	c := r.consumer().Config
	c.AckWait = 2 * time.Second
	if _, err := js.UpdateConsumer(t.Context(), "deposits", c); err != nil {
		t.Fatal(err)
	}
	return r, &victims{dir: dir, url: server.URL()}
}

type victims struct{ dir, url string }

// start starts a victim. What it says is shown if the test fails.
func (v *victims) start(t *testing.T, does string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), victimDir+"="+v.dir, victimURL+"="+v.url, victimDoes+"="+does)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended long ago
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	return cmd
}

// lived kills a victim once the query has given so many, and reports whether it
// ended by itself before.
func (r *rig) lived(cmd *exec.Cmd, query string, enough int) bool {
	r.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.number(query) < enough {
		select {
		case <-tick.C:
		case err := <-ended:
			return err == nil
		}
	}
	_ = cmd.Process.Kill() // it may have ended
	return <-ended == nil
}

// G6, G4: a process that is killed while it replays leaves each letter dead and
// without effect, or replayed with it, never between; all are replayed in the end,
// once, and what they led to is published.
func TestReplay_under_kill(t *testing.T) {
	t.Parallel()
	const letters = 300
	r, v := killable(t)
	r.bank.faults()
	e := r.start(nil)
	var ds []deposit
	for n := range letters {
		ds = append(ds, one(n, "never"))
	}
	r.publishPack(ds...)
	r.drained()
	r.stop(e)
	kills := 0
	const through = "SELECT count(*) FROM engine_dead_letters WHERE state <> 'dead'"
	for done := false; !done; kills++ {
		done = r.lived(v.start(t, "replays"), through, r.number(through)+1+rand.IntN(60))
		r.wantNothingBetween()
	}
	t.Logf("killed %d times", kills-1)
	r.exec("UPDATE engine_dead_letters SET changed_at = changed_at - 60000000 WHERE state = 'replaying'")
	r.bank.decide, r.bank.midway = nil, nil
	e = r.start(nil)
	r.await("all letters are replayed", func() bool {
		return r.number("SELECT count(*) FROM engine_dead_letters WHERE state = 'replayed'") == letters
	})
	r.stop(e)
	r.wantBalance(letters)
	r.wantAnswered(ds...)
}

// wantNothingBetween checks that letters have an effect if and only if they are
// not dead.
func (r *rig) wantNothingBetween() {
	r.Helper()
	if n := r.number(`SELECT count(*) FROM engine_dead_letters l WHERE (l.state <> 'dead') <> EXISTS (SELECT 1 FROM deposits d WHERE d.id = l.event_key AND d.done)`); n != 0 {
		r.Errorf("%d letters are between dead and replayed", n)
	}
}

// G6: a process that is killed while it buries loses no letter and makes none
// twice; a message that ends each process that handles it is buried in the end,
// and takes nobody with it.
func TestEngine_buries_under_kill(t *testing.T) {
	t.Parallel()
	const each = 60
	r, v := killable(t)
	r.publish(one(9999, "kill"))
	r.deliver(1, 17) // as if it had ended processes before; three more do
	var good, bad []deposit
	for n := range each {
		good = append(good, one(n, ""))
		bad = append(bad, one(1000+n, []string{"never", "fail", "panic"}[n%3]))
		r.publishPack(good[n], bad[n])
	}
	const settled = "SELECT (SELECT count(*) FROM engine_dead_letters) + (SELECT count(*) FROM deposits)"
	kills := 0
	for ; r.number(settled) < 2*each+1; kills++ {
		r.lived(v.start(t, "buries"), settled, min(r.number(settled)+1+rand.IntN(30), 2*each+1))
	}
	v.start(t, "buries") // which answers what was settled and not acknowledged
	r.drained()
	t.Logf("killed %d times", kills)
	r.wantBalance(each)
	r.wantAnswered(good...)
	if n := r.number("SELECT count(*) FROM engine_dead_letters"); n != each+1 {
		t.Errorf("%d letters, want %d", n, each+1)
	}
	published := map[string]bool{}
	for _, m := range r.stored("dlq") {
		published[m.Header.Get("dlq-event-id")] = true
	}
	for _, d := range bad {
		if !published[r.made(d).ID] {
			t.Errorf("the letter of %s was not published", d.ID)
		}
	}
	if n := r.number("SELECT count(*) FROM engine_dead_letters WHERE kind = 'killed_process'"); n != 1 || len(published) != each+1 {
		t.Errorf("%d letters of what kills, %d letters published", n, len(published))
	}
}
