package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// A handler's policy is its own; the others have the engine's.
func TestHandler_Retry(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	fail := func(context.Context, *sql.Tx, deposit) ([]event.Event, error) { return nil, errors.New("no luck") }
	never := func(context.Context, *sql.Tx, balance) ([]event.Event, error) { return nil, errors.New("no luck") }
	handlers, err := engine.Handlers(service, r.db, r.registry,
		engine.Handle("deposits.made", fail).Retry(2, time.Millisecond), engine.Handle("balances.changed", never))
	if err != nil {
		t.Fatal(err)
	}
	other := event.Event{ID: "other", Source: "/test", Name: "balances.changed", Subject: "x", Payload: balance{Deposit: "x"}}
	if err := r.registry.Seal(&other); err != nil {
		t.Fatal(err)
	}
	message := alone(t, r, other)
	message.Subject = "deposits.made.v1.standard" // the only one that is read
	r.publish(one(1, ""))
	r.sendRaw(message)
	r.start(func(c *engine.Config) { c.Decider, c.MaxAttempts = handlers, 4 })
	r.drained()
	r.wantDeaths(map[string]death{r.made(one(1, "")).ID: {"attempts_exhausted", 2}, "other": {"attempts_exhausted", 4}})
}

// What cannot be kept does not start.
func TestPolicy_impossible(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var calls atomic.Int64
	handle := engine.Handle("deposits.made", naive(&calls))
	for want, h := range map[string]engine.Handler{
		"0 attempts":  handle.Retry(0, time.Second),
		"-1 attempts": handle.Retry(-1, time.Second),
		"-1s":         handle.Retry(3, -time.Second),
		"too long":    handle.Retry(3, time.Hour),
	} {
		if _, err := engine.Handlers(service, r.db, r.registry, h); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "deposits.made") {
			t.Errorf("%s: %v", want, err)
		}
	}
	for want, change := range map[string]func(*engine.Config){
		"MaxAttempts": func(c *engine.Config) { c.MaxAttempts = -1 },
		"too long":    func(c *engine.Config) { c.RetryPause = 2 * time.Minute },
	} {
		cfg := r.config()
		change(&cfg)
		if _, err := engine.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A consumer that would count, pause or forget by itself is not read, and the log
// says what to change. Once it is mended, reading begins.
func TestConsumer_unfit(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*jetstream.ConsumerConfig){
		"MaxDeliver": func(c *jetstream.ConsumerConfig) { c.MaxDeliver = 5 },
		"BackOff": func(c *jetstream.ConsumerConfig) {
			c.MaxDeliver, c.BackOff = -1, []time.Duration{time.Second, time.Minute}
		},
		"waits 100ms":   func(c *jetstream.ConsumerConfig) { c.AckWait = 100 * time.Millisecond },
		"policy AckAll": func(c *jetstream.ConsumerConfig) { c.AckPolicy = jetstream.AckAllPolicy },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			cfg := r.consumer().Config
			if err := r.js.DeleteConsumer(t.Context(), "deposits", service); err != nil {
				t.Fatal(err)
			}
			change(&cfg)
			if _, err := r.js.CreateConsumer(t.Context(), "deposits", cfg); err != nil {
				t.Fatal(err)
			}
			r.publish(one(1, ""))
			core, logs := observer.New(zap.WarnLevel)
			r.start(func(c *engine.Config) { c.Logger = zap.New(core) })
			r.await("the log says why", func() bool {
				for _, entry := range logs.FilterMessageSnippet("fetch failed").All() {
					if strings.Contains(entry.ContextMap()["error"].(string), want) {
						return true
					}
				}
				return false
			})
			r.wantBalance(0)
			if err := r.js.DeleteConsumer(t.Context(), "deposits", service); err != nil {
				t.Fatal(err)
			}
			r.makeConsumer()
			r.drained()
			r.wantBalance(1)
		})
	}
}
