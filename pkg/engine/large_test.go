package engine_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

const twoMegabytes = 2 << 20

// A message that is too large for the broker, or for the stream, never gets in:
// whoever sends it is told so at once.
func TestEngine_too_large_is_refused_at_the_door(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	send := func(size int) error {
		_, err := r.js.PublishMsg(t.Context(), &nats.Msg{Subject: "deposits.made.v1.standard", Data: make([]byte, size)})
		return err
	}
	if err := send(twoMegabytes); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("2 MB: %v", err)
	}
	var refused *jetstream.APIError
	if err := send(event.MaxMessage + 1); !errors.As(err, &refused) || refused.ErrorCode != 10054 {
		t.Errorf("more than a stream takes: %v", err)
	}
	r.publish(one(1, ""))
	r.start(nil)
	r.drained()
	r.wantBalance(1)
	r.wantDeaths(map[string]death{})
}

// roomy is a rig whose broker and whose streams but the dead letters' take
// messages of any size, as a broker that somebody else set up may.
func roomy(t *testing.T) *rig {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", DontListen: true, JetStream: true, StoreDir: t.TempDir(), MaxPayload: 8 << 20, NoSigs: true, NoLog: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server does not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	r := newRigOn(t, onSQLite(t), js)
	for name, size := range map[string]int32{"deposits": -1, "balances": event.MaxMessage, "dlq": event.MaxMessage} {
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{name + ".>"}, MaxMsgSize: size}); err != nil {
			t.Fatal(err)
		}
	}
	r.makeConsumer()
	return r
}

// G6: 2 MB that got in nevertheless become a dead letter, which keeps every byte
// in the table and travels without them, and good events beside it go on.
func TestEngine_dead_letter_of_two_megabytes(t *testing.T) {
	t.Parallel()
	r := roomy(t)
	noise := bytes.Repeat([]byte("\x00\xff"), twoMegabytes/2)
	r.sendRaw(event.Message{Subject: "deposits.made.v1.standard", Data: noise})
	r.publishPack(ones(1, 4)...)
	e := r.start(func(c *engine.Config) { c.RetryPause = time.Millisecond })
	r.drained()
	r.wantBalance(3)
	letters := r.letters(e, engine.LetterFilter{Kind: "undecodable"})
	if len(letters) != 1 {
		t.Fatalf("%d dead letters, want 1", len(letters))
	}
	if l := r.letter(e, letters[0].ID); !bytes.Equal(l.Message.Data, noise) {
		t.Errorf("the letter keeps %d bytes, not the message", len(l.Message.Data))
	}
	published := r.stored("dlq")
	if len(published) != 1 || len(published[0].Data) != 0 || published[0].Header.Get("dlq-data") == "" {
		t.Errorf("published: %v", published)
	}
	r.replay(e, engine.OutcomeFailed, letters[0].ID) // it is noise today as well
	if got, err := e.DeadLetters().Republish(t.Context(), ann, letters[0].ID); err != nil || got[0].Outcome != engine.OutcomePublished {
		t.Errorf("republished: %+v, %v", got, err)
	}
}
