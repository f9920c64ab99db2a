package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

var ann = engine.Act{By: "ann", Why: "the cause is mended"}

// dead buries deposits that fail by their notes, and returns the ids of their
// letters, the oldest first.
func (r *rig) dead(e *engine.Engine, ds ...deposit) []string {
	r.Helper()
	r.publishPack(ds...)
	r.drained()
	var ids []string
	for _, l := range r.letters(e, engine.LetterFilter{}) {
		ids = append(ids, l.ID)
	}
	if len(ids) < len(ds) {
		r.Fatalf("%d dead letters, want %d", len(ids), len(ds))
	}
	return ids
}

func (r *rig) letters(e *engine.Engine, f engine.LetterFilter) []engine.Letter {
	r.Helper()
	found, err := e.DeadLetters().List(r.Context(), f)
	if err != nil {
		r.Fatal(err)
	}
	return found
}

func (r *rig) letter(e *engine.Engine, id string) engine.Letter {
	r.Helper()
	l, err := e.DeadLetters().Get(r.Context(), id)
	if err != nil {
		r.Fatal(err)
	}
	return l
}

func (r *rig) replay(e *engine.Engine, want engine.LetterOutcome, ids ...string) []engine.LetterResult {
	r.Helper()
	results, err := e.DeadLetters().Replay(r.Context(), ann, ids...)
	if err != nil {
		r.Fatal(err)
	}
	for i, got := range results {
		if got.ID != ids[i] || got.Outcome != want {
			r.Errorf("replay %s: %+v, want %s", ids[i], got, want)
		}
	}
	return results
}

// awaitState waits until all letters are in a state.
func (r *rig) awaitState(e *engine.Engine, state engine.LetterState, n int) {
	r.Helper()
	r.await(fmt.Sprintf("%d letters are %s", n, state), func() bool {
		return len(r.letters(e, engine.LetterFilter{State: state})) == n
	})
}

func (r *rig) exec(statement string, args ...any) {
	r.Helper()
	err := r.db.InTx(r.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("a test", statement, args...)
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
}

// mend ends the bank's faults, while an engine runs.
type mend struct{ done atomic.Bool }

func (m *mend) into(b *bank) {
	b.faults()
	decide, midway := b.decide, b.midway
	b.decide = func(ctx context.Context, in *engine.Input, d deposit) error {
		if m.done.Load() {
			return nil
		}
		return decide(ctx, in, d)
	}
	b.midway = func(d deposit) {
		if !m.done.Load() {
			midway(d)
		}
	}
}

// G6: what was poison is replayed once its cause is mended, under its old id, and
// has its effect once, however often it is replayed and by how many. G4.
func TestReplay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var mended mend
		mended.into(r.bank)
		e := r.start(func(c *engine.Config) { c.MaxAttempts = 2 })
		ids := r.dead(e, one(1, "fail"), one(2, "panic"), one(3, "never"))
		r.publish(one(4, ""))
		r.drained()

		r.replay(e, engine.OutcomeFailed, ids...) // the cause persists
		r.wantBalance(1)
		l := r.letter(e, ids[0])
		if l.State != engine.LetterDead || len(l.Actions) != 1 || l.Actions[0].By != "ann" || l.Actions[0].Why != ann.Why ||
			l.Actions[0].Outcome != engine.OutcomeFailed || l.Actions[0].At.IsZero() || len(l.History) != l.Attempts {
			t.Errorf("after a replay in vain: %+v", l)
		}

		mended.done.Store(true)
		r.replay(e, engine.OutcomeReplayed, ids...)
		r.wantBalance(4)
		r.replay(e, engine.OutcomeAlready, ids...)
		r.wantBalance(4)
		r.awaitState(e, engine.LetterReplayed, 3)
		r.replay(e, engine.OutcomeAlready, ids...)
		r.publishPack(one(1, "fail"), one(2, "panic"), one(3, "never")) // the broker has it again as well
		r.drained()
		r.wantBalance(4)
		r.wantAnswered(one(1, ""), one(2, ""), one(3, ""), one(4, ""))
		for _, d := range []deposit{one(1, ""), one(2, ""), one(3, "")} {
			if got := r.answers()[d.ID][0]; got.CausationID != r.made(d).ID {
				t.Errorf("the answer to %s was caused by %s, not by the event", d.ID, got.CausationID)
			}
		}
		if l := r.letter(e, ids[0]); len(l.Actions) != 2 || l.Actions[1].Outcome != engine.OutcomeReplayed {
			t.Errorf("what was done: %+v", l.Actions)
		}
	})
}

// A dead letter keeps when and with what each attempt failed, the first of them
// and the latest.
func TestReplay_history(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.decide = func(_ context.Context, _ *engine.Input, d deposit) error {
			return fmt.Errorf("no luck, number %d", r.bank.decisions(d.ID))
		}
		e := r.start(func(c *engine.Config) { c.MaxAttempts = 3 })
		id := r.dead(e, one(1, ""))[0]
		l := r.letter(e, id)
		var causes []string
		for _, a := range l.History {
			causes = append(causes, a.Error)
			if a.At.IsZero() {
				t.Error("an attempt has no time")
			}
		}
		if want := []string{"no luck, number 1", "no luck, number 2", "no luck, number 3"}; !slices.Equal(causes, want) {
			t.Errorf("history %q, want %q", causes, want)
		}
		if l.CorrelationID == "" || l.Key != depositID(1) || !strings.HasSuffix(l.Type, "deposits.made.v1") || l.State != engine.LetterDead {
			t.Errorf("letter: %+v", l)
		}
		for range 10 {
			r.replay(e, engine.OutcomeFailed, id)
		}
		l = r.letter(e, id)
		if n := len(l.History); l.Attempts != 13 || n != 10 || l.History[0].Error != "no luck, number 1" || l.History[n-1].Error != "no luck, number 13" || l.Error != "no luck, number 13" {
			t.Errorf("%d attempts, history %+v", l.Attempts, l.History)
		}
	})
}

// Any number of operators, on any replica: each letter is replayed once.
func TestReplay_two_operators_at_once(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		const letters = 40
		var mended mend
		mended.into(r.bank)
		first := r.start(nil)
		second := r.start(nil)
		var ds []deposit
		for n := range letters {
			ds = append(ds, one(n, "never"))
		}
		ids := r.dead(first, ds...)
		mended.done.Store(true)
		var mu sync.Mutex
		outcomes := map[engine.LetterOutcome]int{}
		var all sync.WaitGroup
		for i, e := range []*engine.Engine{first, second, first, second} {
			order := slices.Clone(ids)
			if i%2 == 1 {
				slices.Reverse(order)
			}
			all.Go(func() {
				results, err := e.DeadLetters().Replay(t.Context(), ann, order...)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, one := range results {
					outcomes[one.Outcome]++
				}
			})
		}
		all.Wait()
		if outcomes[engine.OutcomeReplayed] != letters || outcomes[engine.OutcomeAlready] != 3*letters {
			t.Errorf("outcomes %v, want %d replayed and the rest already", outcomes, letters)
		}
		r.wantBalance(letters)
		if n := r.number("SELECT count(*) FROM engine_letter_actions WHERE outcome = 'replayed'"); n != letters {
			t.Errorf("%d actions, want %d", n, letters)
		}
		for id, answers := range r.answers() {
			if len(answers) != 1 {
				t.Errorf("deposit %s was answered %d times", id, len(answers))
			}
		}
	})
}

func TestRehearse_changes_nothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var mended mend
		mended.into(r.bank)
		e := r.start(nil)
		id := r.dead(e, one(1, "never"))[0]
		before := r.letter(e, id)
		for _, want := range []engine.LetterOutcome{engine.OutcomeFailed, engine.OutcomeWould} {
			results, err := e.DeadLetters().Rehearse(t.Context(), id)
			if err != nil || results[0].Outcome != want {
				t.Errorf("%+v %v, want %s", results, err, want)
			}
			mended.done.Store(true)
		}
		r.wantBalance(0)
		if after := r.letter(e, id); after.Attempts != before.Attempts || after.State != before.State || len(after.Actions) != 0 || !after.ChangedAt.Equal(before.ChangedAt) {
			t.Errorf("the letter changed: %+v", after)
		}
		if n := len(r.stored("balances")); n != 0 {
			t.Errorf("%d answers were published", n)
		}
		r.replay(e, engine.OutcomeReplayed, id)
		r.wantBalance(1)
	})
}

// A rehearsal fails with whatever the database would refuse.
func TestRehearse_asks_the_database(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		e := r.start(nil)
		rich := deposit{ID: depositID(1), Account: "a", Amount: limit + 1}
		id := r.dead(e, rich)[0]
		results, err := e.DeadLetters().Rehearse(t.Context(), id)
		if err != nil || results[0].Outcome != engine.OutcomeFailed || results[0].Detail == "" {
			t.Errorf("%+v %v", results, err)
		}
		if l := r.letter(e, id); len(l.Actions) != 0 || l.State != engine.LetterDead {
			t.Errorf("the letter changed: %+v", l)
		}
	})
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.faults()
		e := r.start(nil)
		ids := r.dead(e, one(1, "never"), one(2, "never"))
		letters := e.DeadLetters()
		for _, act := range []engine.Act{{}, {By: "ann"}, {Why: "no use"}, {By: "ann", Why: " "}, {By: "ann", Why: strings.Repeat("ü", 501)}, {By: strings.Repeat("ü", 65), Why: "no use"}} {
			if _, err := letters.Discard(t.Context(), act, ids...); !errors.Is(err, engine.ErrAct) {
				t.Errorf("%.40v: %v", act, err)
			}
		}
		unknown := event.DeriveID("no", "letter")
		results, err := letters.Discard(t.Context(), ann, ids[0], unknown, "nonsense", ids[0])
		want := []engine.LetterOutcome{engine.OutcomeDiscarded, engine.OutcomeUnknown, engine.OutcomeUnknown, engine.OutcomeAlready}
		for i, got := range results {
			if got.Outcome != want[i] {
				t.Errorf("%+v, want %s", got, want[i])
			}
		}
		if err != nil || len(results) != len(want) {
			t.Errorf("%d results, %v", len(results), err)
		}
		l := r.letter(e, ids[0])
		if l.State != engine.LetterDiscarded || len(l.Actions) != 1 || l.Actions[0].Action != "discard" || l.Actions[0].Why != ann.Why {
			t.Errorf("letter %+v", l)
		}
		r.replay(e, engine.OutcomeAlready, ids[0])
		r.replay(e, engine.OutcomeUnknown, unknown, "nonsense", "")
		if _, err := letters.Replay(t.Context(), engine.Act{}, ids[1]); !errors.Is(err, engine.ErrAct) {
			t.Errorf("a replay by nobody: %v", err)
		}
		if _, err := letters.Get(t.Context(), unknown); !errors.Is(err, engine.ErrNoLetter) {
			t.Errorf("get: %v", err)
		}
		if left := r.letters(e, engine.LetterFilter{}); len(left) != 1 || left[0].ID != ids[1] {
			t.Errorf("still dead: %+v", left)
		}
	})
}

// G4: the inbox has the last word for plain functions too.
func TestReplay_of_handlers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var calls atomic.Int64
		e := r.startHandlers(&calls, nil)
		r.publish(one(1, "fail"))
		r.drained()
		ids := r.dead(e, one(2, "panic"))
		r.stop(e)
		handlers, err := engine.Handlers(service, r.db, r.registry, engine.Handle("deposits.made", mendedHandler(&calls)))
		if err != nil {
			t.Fatal(err)
		}
		e = r.start(func(c *engine.Config) { c.Decider = handlers })
		r.replay(e, engine.OutcomeReplayed, ids...)
		r.publishPack(one(1, "fail"), one(2, "panic"), one(3, ""))
		r.drained()
		r.replay(e, engine.OutcomeAlready, ids...)
		if got := r.holds(); got != 3 {
			t.Errorf("the account holds %d, want 3", got)
		}
		r.wantAnswered(ones(1, 4)...)
	})
}

// A call's outcome settles the letter that asked for it, and only that.
func TestReplay_with_a_call(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var answer atomic.Pointer[error]
		refused := engine.Never(errors.New("the world says no"))
		answer.Store(&refused)
		r.bank.approve = func(context.Context, deposit) error { return *answer.Load() }
		e := r.start(nil)
		id := r.dead(e, one(1, "call"))[0]
		got := r.replay(e, engine.OutcomeFailed, id)[0]
		if !strings.Contains(got.Detail, "the world says no") || r.letter(e, id).State != engine.LetterDead {
			t.Errorf("%+v", got)
		}
		var yes error
		answer.Store(&yes)
		r.replay(e, engine.OutcomeReplayed, id)
		r.wantBalance(1)
		r.awaitState(e, engine.LetterReplayed, 1)
		var outcomes []engine.LetterOutcome
		for _, a := range r.letter(e, id).Actions {
			outcomes = append(outcomes, a.Outcome)
		}
		if want := []engine.LetterOutcome{engine.OutcomeCalling, engine.OutcomeFailed, engine.OutcomeCalling, engine.OutcomeReplayed}; !slices.Equal(outcomes, want) {
			t.Errorf("actions %v, want %v", outcomes, want)
		}
	})
}

// G5: a process that dies between the commit of a replay and the publishing of
// what it led to leaves that to the next one.
func TestReplay_broken_off_is_finished(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var mended mend
	mended.into(r.bank)
	e := r.start(nil)
	id := r.dead(e, one(1, "never"))[0]
	mended.done.Store(true)
	if err := r.js.DeleteStream(t.Context(), "balances"); err != nil {
		t.Fatal(err)
	}
	r.replay(e, engine.OutcomeReplayed, id)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // as a kill would
	if err := e.Stop(ctx); err == nil {
		t.Error("the engine ended cleanly although it could not publish")
	}
	if l := r.letter(e, id); l.State != engine.LetterReplaying {
		t.Fatalf("the letter is %s", l.State)
	}
	r.makeStream("balances")
	r.exec("UPDATE engine_dead_letters SET changed_at = changed_at - 60000000")
	e = r.start(nil)
	r.awaitState(e, engine.LetterReplayed, 1)
	r.wantBalance(1)
	r.wantAnswered(one(1, ""))
}

// A letter whose event comes again and is handled is dead no more.
func TestReplay_not_needed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.faults()
		e := r.start(nil)
		r.dead(e, one(1, "never"), one(2, "fail"))
		broken := r.badDeposit(3)
		r.send([]event.Event{broken})
		r.drained()
		r.stop(e)
		r.bank.decide = nil
		e = r.start(nil)
		r.await("the engine knows its dead letters", func() bool { return len(e.DeadLetters().Depth()) == 3 })
		r.publishPack(one(1, "never"), one(3, "")) // the true event of the broken copy's id
		r.publish(one(2, "fail"))
		r.drained()
		r.wantBalance(3)
		r.awaitState(e, engine.LetterHandled, 2)
		if left := r.letters(e, engine.LetterFilter{}); len(left) != 1 || left[0].Kind != "undecodable" {
			t.Errorf("still dead: %+v", left)
		}
	})
}

// What could not be read is read by the contracts of the day of its replay.
func TestReplay_by_a_new_contract(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	e := r.start(nil)
	r.send([]event.Event{r.badDeposit(1)})
	r.drained()
	id := r.letters(e, engine.LetterFilter{Kind: "undecodable"})[0].ID
	r.replay(e, engine.OutcomeFailed, id)
	r.stop(e)
	lenient, err := event.NewRegistry("com.example.", contract("deposits.made", func(deposit) error { return nil }), contract("balances.changed", func(balance) error { return nil }))
	if err != nil {
		t.Fatal(err)
	}
	e = r.start(func(c *engine.Config) { c.Registry = lenient })
	r.replay(e, engine.OutcomeReplayed, id)
	r.wantBalance(-1)
	r.replay(e, engine.OutcomeAlready, id)
	r.wantBalance(-1)
}

// A pack that was buried unread becomes letters of its events.
func TestReplay_of_a_pack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var mended mend
		mended.into(r.bank)
		r.publishPack(one(1, ""), one(2, "never"), one(3, ""))
		r.deliver(1, 39)
		e := r.start(nil)
		r.drained()
		id := r.letters(e, engine.LetterFilter{Kind: "killed_process"})[0].ID
		if got, err := e.DeadLetters().Rehearse(t.Context(), id); err != nil || got[0].Outcome != engine.OutcomeWould {
			t.Errorf("rehearsed: %+v %v", got, err)
		}
		got := r.replay(e, engine.OutcomeReplayed, id)[0]
		if !strings.Contains(got.Detail, "3 letters") || !strings.Contains(got.Detail, "1 of them") {
			t.Errorf("detail: %s", got.Detail)
		}
		r.wantBalance(2)
		r.replay(e, engine.OutcomeAlready, id)
		left := r.letters(e, engine.LetterFilter{})
		if len(left) != 1 || left[0].Key != depositID(2) || left[0].Kind != "refused" {
			t.Fatalf("still dead: %+v", left)
		}
		mended.done.Store(true)
		r.replay(e, engine.OutcomeReplayed, left[0].ID)
		r.wantBalance(3)
	})
}

func TestDeadLetters_list(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.faults()
		e := r.start(nil)
		r.dead(e, one(1, "never"), one(2, "panic"), one(3, "never"), one(4, "fail"))
		r.exec("UPDATE engine_dead_letters SET dead_at = dead_at - 3600000000 WHERE event_key = '" + depositID(3) + "'")
		for name, tt := range map[string]struct {
			filter engine.LetterFilter
			want   int
		}{
			"all":          {engine.LetterFilter{}, 4},
			"kind":         {engine.LetterFilter{Kind: "refused"}, 2},
			"no such kind": {engine.LetterFilter{Kind: "fate"}, 0},
			"name":         {engine.LetterFilter{Type: "deposits.made"}, 4},
			"type":         {engine.LetterFilter{Type: "com.example.deposits.made.v1"}, 4},
			"other type":   {engine.LetterFilter{Type: "made"}, 4},
			"part of name": {engine.LetterFilter{Type: "posits.made"}, 0},
			"key":          {engine.LetterFilter{Key: depositID(2)}, 1},
			"event":        {engine.LetterFilter{EventID: r.made(one(4, "")).ID}, 1},
			"old":          {engine.LetterFilter{MinAge: 30 * time.Minute}, 1},
			"young":        {engine.LetterFilter{MaxAge: 30 * time.Minute}, 3},
			"state":        {engine.LetterFilter{State: engine.LetterReplayed}, 0},
			"page":         {engine.LetterFilter{Limit: 3}, 3},
		} {
			if got := r.letters(e, tt.filter); len(got) != tt.want {
				t.Errorf("%s: %d letters, want %d", name, len(got), tt.want)
			}
		}
		page := r.letters(e, engine.LetterFilter{Limit: 3})
		if page[0].Key != depositID(3) {
			t.Error("the oldest is not the first")
		}
		rest := r.letters(e, engine.LetterFilter{After: page[2].Place()})
		if len(rest) != 1 || slices.ContainsFunc(page, func(l engine.Letter) bool { return l.ID == rest[0].ID }) {
			t.Errorf("the next page: %+v", rest)
		}
	})
}

// The stream can be made again from the rows.
func TestDeadLetters_republish(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.faults()
	e := r.start(nil)
	ids := r.dead(e, one(1, "never"), one(2, "panic"), one(3, "never"))
	before := r.stored("dlq")
	if err := r.js.DeleteStream(t.Context(), "dlq"); err != nil {
		t.Fatal(err)
	}
	letters := e.DeadLetters()
	republish := func(want ...engine.LetterOutcome) {
		t.Helper()
		results, err := letters.Republish(t.Context(), ann, ids...)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range results {
			if got.ID != ids[i] || got.Outcome != want[i] {
				t.Errorf("%+v, want %s", got, want[i])
			}
		}
	}
	republish(engine.OutcomeFailed, engine.OutcomeFailed, engine.OutcomeFailed)
	r.makeStream("dlq")
	if _, err := letters.Discard(t.Context(), ann, ids[0]); err != nil {
		t.Fatal(err)
	}
	republish(engine.OutcomeAlready, engine.OutcomePublished, engine.OutcomePublished)
	done := r.letter(e, ids[1]).Actions
	if len(done) != 2 || done[0].Outcome != engine.OutcomeFailed || done[1].Outcome != engine.OutcomePublished || done[1].Action != "republish" || done[1].By != ann.By || done[1].Why != ann.Why {
		t.Errorf("what was done: %+v", done)
	}
	if _, err := letters.Republish(t.Context(), engine.Act{}, ids...); !errors.Is(err, engine.ErrAct) {
		t.Errorf("by nobody: %v", err)
	}
	known := map[string]string{}
	for _, m := range before {
		known[m.Header.Get("dlq-id")] = fmt.Sprint(m.Subject, m.Header, string(m.Data))
	}
	after := r.stored("dlq")
	for _, m := range after {
		if fmt.Sprint(m.Subject, m.Header, string(m.Data)) != known[m.Header.Get("dlq-id")] {
			t.Errorf("not as before: %s %v", m.Subject, m.Header)
		}
	}
	if len(after) != 2 {
		t.Errorf("%d messages, want 2", len(after))
	}
}

// G6: an event that died, was replayed, and fails when it comes again has attempts
// of its own, and its letter is dead again.
func TestReplay_of_what_dies_again(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var mended mend
		mended.into(r.bank)
		e := r.start(func(c *engine.Config) { c.MaxAttempts = 2 })
		ids := r.dead(e, one(1, "fail"))
		mended.done.Store(true)
		r.replay(e, engine.OutcomeReplayed, ids...)
		r.awaitState(e, engine.LetterReplayed, 1)

		mended.done.Store(false)
		r.publish(one(1, "fail"))
		r.drained()
		r.awaitState(e, engine.LetterDead, 1)
		l := r.letter(e, ids[0])
		if l.Attempts != 2 || len(l.Actions) != 1 {
			t.Errorf("the letter has %d attempts and %d actions, want 2 of the second death and the replay", l.Attempts, len(l.Actions))
		}
		mended.done.Store(true)
		r.replay(e, engine.OutcomeReplayed, ids...)
		r.awaitState(e, engine.LetterReplayed, 1)
	})
}
