package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// faults makes the bank fail as the notes of deposits say.
func (b *bank) faults() {
	b.decide = func(_ context.Context, _ *engine.Input, d deposit) error {
		switch d.Note {
		case "fail":
			return errors.New("no luck")
		case "flaky":
			if b.decisions(d.ID) < 3 {
				return errors.New("no luck yet")
			}
		case "never":
			return engine.Never(errors.New("not in this life"))
		case "later":
			if b.decisions(d.ID) < 9 {
				return engine.NotYet(time.Millisecond, errors.New("too early"))
			}
		}
		return nil
	}
	b.midway = func(d deposit) {
		if d.Note == "panic" {
			panic("out of cheese")
		}
	}
}

func (r *rig) badDeposit(n int) event.Event {
	e := r.made(one(n, ""))
	e.Data = []byte(`{"id":"` + depositID(n) + `","account":"a","amount":-1}`)
	return e
}

// G6: whatever cannot be handled ends in the dead letters, the rest goes on.
func TestEngine_poison(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.faults()
		good := ones(1, 6)
		r.send([]event.Event{
			r.made(good[0]), r.badDeposit(20), r.made(one(21, "panic")), r.made(good[1]), r.made(one(22, "never")),
			r.made(one(23, "fail")), r.made(good[2]), r.made(one(24, "later")), r.made(one(25, "flaky")),
		})
		r.publish(good[3], one(31, "fail"), one(32, "panic"))
		r.send([]event.Event{r.badDeposit(33)})
		noise := event.Message{Subject: "deposits.made.v1.standard", Header: map[string][]string{"Foo": {"bar"}}, Data: []byte("\x00\xff")}
		r.sendRaw(noise)
		r.publish(good[4])
		r.start(nil)
		r.drained()

		good = append(good, one(24, ""), one(25, ""))
		r.wantBalance(len(good))
		r.wantAnswered(good...)
		id := func(n int) string { return r.made(one(n, "")).ID }
		want := map[string]death{
			id(20): {"undecodable", 1}, id(21): {"panic", 5}, id(22): {"refused", 1}, id(23): {"attempts_exhausted", 5},
			id(31): {"attempts_exhausted", 5}, id(32): {"panic", 5}, id(33): {"undecodable", 1},
		}
		for got := range r.deaths() {
			if strings.HasPrefix(got, "sha256-") {
				want[got] = death{"undecodable", 1}
			}
		}
		if len(want) != 8 {
			t.Error("the noise has no dead letter")
		}
		r.wantDeaths(want)
		r.wantLetters(want)
		for n, times := range map[int]int{20: 0, 23: 5, 31: 5, 21: 5, 22: 1, 24: 9, 25: 3} {
			if got := r.bank.decisions(depositID(n)); got < times || times < 2 && got > 2*times {
				t.Errorf("deposit %d was decided %d times, want %d", n, got, times)
			}
		}
		if n := r.redelivered(); n != 0 {
			t.Errorf("%d messages were delivered again, want none: the engine tries again by itself", n)
		}
	})
}

// wantLetters checks that each dead letter travels on its stream once, with
// what its row says.
func (r *rig) wantLetters(want map[string]death) {
	r.Helper()
	got := map[string]death{}
	for _, m := range r.stored("dlq") {
		id := m.Header.Get("dlq-event-id")
		if _, twice := got[id]; twice {
			r.Errorf("dead letter of %s was published twice", id)
		}
		got[id] = want[id]
		if subject := "dlq." + service + "." + want[id].kind; m.Subject != subject {
			r.Errorf("dead letter of %s lies on %s, want %s", id, m.Subject, subject)
		}
	}
	if !maps.Equal(got, want) {
		r.Errorf("published dead letters:\n got %v\nwant %v", got, want)
	}
}

func TestEngine_dead_letter_is_untouched(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.faults()
	packs, err := r.registry.Pack([]event.Event{r.made(one(1, "never"))}, 0)
	if err != nil {
		t.Fatal(err)
	}
	original := packs[0].Message
	original.Header["Shop"] = []string{"a", "b"}
	original.Header["Nats-Expected-Stream"] = []string{"deposits"} // would make the server refuse the letter
	original.Header["Nats-Msg-Id"] = []string{"1"}
	r.sendRaw(original)
	r.start(nil)
	r.drained()

	letters := r.stored("dlq")
	if len(letters) != 1 {
		t.Fatalf("%d dead letters, want 1", len(letters))
	}
	got := letters[0]
	for name, values := range original.Header {
		if strings.HasPrefix(name, "Nats-") {
			name = "dlq-" + name
		}
		if !slices.Equal(got.Header[name], values) {
			t.Errorf("header %s is %q, want %q", name, got.Header[name], values)
		}
	}
	if string(got.Data) != string(original.Data) {
		t.Errorf("payload is %s, want %s", got.Data, original.Data)
	}
	for name, want := range map[string]string{
		"dlq-error": "not in this life", "dlq-kind": "refused", "dlq-attempts": "1", "dlq-handler": service,
		"dlq-consumer": service, "dlq-subject": original.Subject,
	} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
	var headers, data string
	if err := r.db.Reader().QueryRow("SELECT headers, data FROM engine_dead_letters").Scan(&headers, &data); err != nil {
		t.Fatal(err)
	}
	var kept map[string][]string
	if err := json.Unmarshal([]byte(headers), &kept); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(kept, original.Header, slices.Equal) {
		t.Errorf("the row keeps headers %v, want %v", kept, original.Header)
	}
	if bytes, err := base64.StdEncoding.DecodeString(data); err != nil || string(bytes) != string(original.Data) {
		t.Errorf("the row keeps %q, want %q (%v)", bytes, original.Data, err)
	}
}

// A dead letter needs more room than its message had.
func TestEngine_dead_letter_of_the_largest_message(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.sendRaw(event.Message{Subject: "deposits.made.v1.standard", Data: make([]byte, event.MaxMessage-100)})
	r.publish(one(1, ""))
	r.start(nil)
	r.drained()
	r.wantBalance(1)
	letters := r.stored("dlq")
	if len(letters) != 1 || letters[0].Header.Get("dlq-data") == "" {
		t.Fatalf("the dead letter does not say where its payload is: %v", letters)
	}
	if n := r.number("SELECT length(data) FROM engine_dead_letters"); n < event.MaxMessage {
		t.Errorf("the row keeps %d bytes", n)
	}
}

// A cause that is a dead letter already is decided again when it comes again, for
// it may have been mended meanwhile; if it was not, no attempt is counted and no
// second letter made.
func TestEngine_parked(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.faults()
	r.start(nil)
	r.publish(one(1, "fail"))
	r.drained()
	r.publish(one(1, "fail"), one(2, ""))
	r.drained()
	r.publishPack(one(3, ""), one(1, "fail"))
	r.drained()
	r.wantBalance(2)
	want := map[string]death{r.made(one(1, "")).ID: {"attempts_exhausted", 5}}
	r.wantDeaths(want)
	r.wantLetters(want)
	if n := r.bank.decisions(depositID(1)); n != 5+2 {
		t.Errorf("decided %d times, want 5 until it was buried and once each time that it came again", n)
	}
	r.bank.decide = nil // mended
	r.publish(one(1, "fail"))
	r.drained()
	r.wantBalance(3)
}

// An event whose payload is broken says nothing about the true event of its id.
func TestEngine_broken_copy_of_a_good_event(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.faults()
	broken := r.badDeposit(1)
	r.send([]event.Event{broken, r.made(one(1, "flaky"))})
	r.start(nil)
	r.drained()
	r.wantBalance(1)
	if len(r.stored("dlq")) != 1 {
		t.Error("the broken copy is no dead letter")
	}
}

func TestEngine_empty_pack_is_acknowledged(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.sendRaw(event.Message{
		Subject: "deposits.made.v1.standard", Data: []byte("[]"),
		Header: map[string][]string{"content-type": {"application/cloudevents-batch+json"}},
	})
	e := r.start(nil)
	r.drained()
	r.stop(e)
	if len(r.stored("dlq")) != 0 {
		t.Error("a pack of nothing became a dead letter")
	}
}

// deliver has all messages delivered and given back n times, as if processes
// had died of them.
func (r *rig) deliver(messages, n int) {
	r.Helper()
	c, err := r.js.Consumer(r.Context(), "deposits", service)
	if err != nil {
		r.Fatal(err)
	}
	for range n {
		batch, err := c.Fetch(messages, jetstream.FetchMaxWait(patience))
		if err != nil {
			r.Fatal(err)
		}
		for m := range batch.Messages() {
			if err := m.Nak(); err != nil {
				r.Fatal(err)
			}
		}
	}
}

// What may have ended a process takes no neighbour with it the next time.
func TestEngine_delivered_before_is_decided_alone(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.publish(ones(1, 4)...)
	r.publishPack(ones(4, 6)...)
	r.deliver(4, 1)
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	e := r.start(nil)
	<-hold.reached
	r.await("all is in hand", func() bool { return e.InHand() == 5 })
	hold.open()
	r.drained()
	r.wantBalance(5)
	for _, b := range r.observed() {
		if b.Inputs != 1 {
			t.Errorf("a batch of %d, want each event in one of its own", b.Inputs)
		}
	}
}

// A pack with something in it that ends processes is taken apart, so that only
// that is buried in the end.
func TestEngine_takes_packs_apart_that_kill(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.send([]event.Event{r.made(one(1, "")), r.badDeposit(2), r.made(one(3, ""))})
	r.deliver(1, 19)
	r.publish(one(4, ""))
	r.start(nil)
	r.drained()
	r.wantBalance(3)
	r.wantAnswered(one(1, ""), one(3, ""), one(4, ""))
	want := map[string]death{r.made(one(2, "")).ID: {"undecodable", 1}}
	r.wantDeaths(want)
	r.wantLetters(want)
	if n := len(r.stored("deposits")); n != 2+3 {
		t.Errorf("%d messages in the stream, want the pack, another one, and three that were in the pack", n)
	}
}

func TestEngine_buries_what_kills(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.publish(one(1, ""))
	r.deliver(1, 19)
	r.publish(one(2, ""))
	r.start(nil)
	r.drained()
	r.wantBalance(1)
	if n := r.bank.decisions(depositID(1)); n != 0 {
		t.Errorf("it was decided %d times", n)
	}
	letters := r.stored("dlq")
	if len(letters) != 1 || letters[0].Header.Get("dlq-kind") != "killed_process" || letters[0].Header.Get("ce-subject") != depositID(1) {
		t.Errorf("dead letters are %v", letters)
	}
}
