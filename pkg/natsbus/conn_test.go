package natsbus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

// signalling returns a logger and a channel that hears of each entry with the
// given message.
func signalling(message string) (*zap.Logger, <-chan zapcore.Entry) {
	heard := make(chan zapcore.Entry, 64)
	core, _ := observer.New(zapcore.DebugLevel)
	return zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
		if e.Message == message {
			select {
			case heard <- e:
			default:
			}
		}
		return nil
	})), heard
}

func TestConnect_waits_until_the_server_is_there(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	log, refused := signalling("NATS does not answer yet")
	done := make(chan *natsbus.Conn, 1)
	go func() {
		c, err := natsbus.Connect(testContext(t), natsbus.Config{URL: "nats://" + address, Logger: log})
		if err != nil {
			t.Error(err)
		}
		done <- c
	}()
	await(t, "a refused attempt", refused)
	startAt(t, t.TempDir(), address)
	c := await(t, "the connection", done)
	if c == nil {
		return
	}
	if s := c.State(); !s.Connected || s.Since.IsZero() || s.URL != "nats://"+address || s.Reconnects != 0 {
		t.Errorf("state %+v, want connected to %s", s, address)
	}
	if err := c.Close(testContext(t)); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := c.Close(testContext(t)); err != nil {
		t.Errorf("second close: %v", err)
	}
	if c.State().Connected {
		t.Error("still connected after close")
	}
}

func TestConnect_gives_up_and_says_why(t *testing.T) {
	t.Parallel()
	began := time.Now()
	_, err := natsbus.Connect(testContext(t), natsbus.Config{
		URL:            "nats://alice:secret@" + freeAddress(t),
		ConnectTimeout: 300 * time.Millisecond,
	})
	if !errors.Is(err, nats.ErrNoServers) {
		t.Fatalf("got error %v, want it to wrap %v", err, nats.ErrNoServers)
	}
	if text := err.Error(); strings.Contains(text, "secret") || !strings.Contains(text, "alice:xxxxx@127.0.0.1") || !strings.Contains(text, "gave up after") {
		t.Errorf("error %q must name the server and the time, and no password", text)
	}
	if took := time.Since(began); took > deadline/2 {
		t.Errorf("gave up after %s", took)
	}
}

func TestConnect_ends_with_its_context(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	log, refused := signalling("NATS does not answer yet")
	done := make(chan error, 1)
	go func() {
		_, err := natsbus.Connect(ctx, natsbus.Config{URL: "nats://" + freeAddress(t), Logger: log})
		done <- err
	}()
	await(t, "a refused attempt", refused)
	cancel()
	if err := await(t, "the error", done); !errors.Is(err, context.Canceled) || !errors.Is(err, nats.ErrNoServers) {
		t.Errorf("got error %v, want the cancelled context and the last cause", err)
	}
}

func TestConnect_refuses_an_unreadable_URL_at_once(t *testing.T) {
	t.Parallel()
	log, retried := signalling("NATS does not answer yet")
	_, err := natsbus.Connect(testContext(t), natsbus.Config{URL: "nats://alice:secret@127.0.0.1:port", Logger: log})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got error %v, want one without the password", err)
	}
	if len(retried) > 0 {
		t.Error("tried again with an address that cannot work")
	}
}

func TestConn_survives_a_restart_of_the_server(t *testing.T) {
	t.Parallel()
	ctx, dir, address := testContext(t), t.TempDir(), freeAddress(t)
	log, lost := signalling("lost the connection to NATS, reconnecting")
	first := startAt(t, dir, address)
	c := connectTo(t, natsbus.Config{URL: first.URL(), Logger: log})
	order := make(chan string, 8)
	c.OnReconnect(func() { order <- "one" })
	c.OnReconnect(func() { order <- "two" })
	if _, err := c.JetStream().CreateStream(ctx, jetstream.StreamConfig{Name: "KEEP", Subjects: []string{"keep.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.JetStream().Publish(ctx, "keep.it", []byte("before")); err != nil {
		t.Fatal(err)
	}

	first.Shutdown()
	await(t, "the lost connection", lost)
	if s := c.State(); s.Connected {
		t.Errorf("state %+v while the server is down", s)
	}
	if err := c.NC().Publish("keep.it", []byte("between")); err == nil {
		t.Error("a publish without a connection must fail at once, not wait in a buffer")
	}

	startAt(t, dir, address)
	if got := await(t, "the first function", order) + await(t, "the second function", order); got != "onetwo" {
		t.Errorf("functions ran in the order %s", got)
	}
	if s := c.State(); !s.Connected || s.Reconnects != 1 {
		t.Errorf("state %+v, want connected after 1 reconnect", s)
	}
	stream, err := c.JetStream().Stream(ctx, "KEEP")
	if err != nil {
		t.Fatal(err)
	}
	if msg, err := stream.GetMsg(ctx, 1); err != nil || string(msg.Data) != "before" {
		t.Errorf("message 1 after the restart: %v, %v", msg, err)
	}
	if got := stream.CachedInfo().State.Msgs; got != 1 {
		t.Errorf("%d messages after the restart, want 1", got)
	}
}

func TestConn_Close_waits_for_functions_no_longer_than_its_context(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), freeAddress(t)
	first := startAt(t, dir, address)
	c := connectTo(t, natsbus.Config{URL: first.URL()})
	running, release := make(chan struct{}), make(chan struct{})
	c.OnReconnect(func() { close(running); <-release })
	first.Shutdown()
	startAt(t, dir, address)
	await(t, "the function", running)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Close(ctx); err == nil || !strings.Contains(err.Error(), "OnReconnect") {
		t.Errorf("close returned %v while a function was running", err)
	}
	close(release)
}

func TestConn_Close_sends_what_was_acknowledged(t *testing.T) {
	t.Parallel()
	e := natstest.Start(t)
	reader, writer := natstest.Connect(t, e), natstest.Connect(t, e)
	sub, err := reader.NC().SubscribeSync("last.words")
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.NC().Flush(); err != nil {
		t.Fatal(err)
	}
	if err := writer.NC().Publish("last.words", nil); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := sub.NextMsgWithContext(testContext(t)); err != nil {
		t.Errorf("the message sent before Close: %v", err)
	}
}

func TestConn_logs_denied_permissions(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, Users: []*server.User{{
		Username: "guest", Password: "guest",
		Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"secret.>"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	log, reported := signalling("NATS reported an error")
	c := connectTo(t, natsbus.Config{Logger: log, Options: []nats.Option{nats.InProcessServer(srv), nats.UserInfo("guest", "guest")}})
	if err := c.NC().Publish("secret.plans", nil); err != nil {
		t.Fatal(err)
	}
	await(t, "the log entry", reported)
	if got := c.State().LastError; !strings.Contains(got, "secret.plans") {
		t.Errorf("last error %q does not name the subject", got)
	}
}
