package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/engine"
)

// stacks returns how many entries show the stack of a panic in the bank.
func stacks(logs *observer.ObservedLogs) int {
	n := 0
	for _, entry := range logs.All() {
		if stack, ok := entry.ContextMap()["stack"].(string); ok && strings.Contains(stack, "log_test.go") {
			n++
		}
	}
	return n
}

// Nobody waits for a tick, so that the log is the only place for what became of
// it.
func TestEngine_tick_that_fails_is_logged(t *testing.T) {
	t.Parallel()
	for name, panics := range map[string]bool{"refused": false, "panicking": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			r.bank.decide = func(context.Context, *engine.Input, deposit) error {
				if panics {
					panic("out of cheese")
				}
				return errors.New("no luck")
			}
			core, logs := observer.New(zap.WarnLevel)
			var asked atomic.Int64
			e := r.start(func(c *engine.Config) {
				c.Logger = zap.New(core)
				c.Timers = []engine.Timer{{Every: time.Millisecond, Due: func(context.Context) ([]any, error) {
					if asked.Add(1) > 3 {
						return nil, nil
					}
					return []any{one(1, "")}, nil
				}}}
			})
			r.await("all were decided", func() bool { return asked.Load() > 3 })
			r.stop(e)
			if n := logs.FilterMessage("input was not handled").Len(); n != 3 {
				t.Errorf("%d ticks were logged, want 3: %v", n, logs.All())
			}
			if n := stacks(logs); panics && n != 3 {
				t.Errorf("%d stacks, want 3", n)
			}
		})
	}
}

// Every panic is logged once with its stack, wherever it happens, and the dead
// letter says where.
func TestEngine_panics_are_logged(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]func(r *rig, once func()){
		"load":   func(r *rig, once func()) { r.bank.onLoad = func([]*engine.Input) error { once(); return nil } },
		"decide": func(r *rig, once func()) { r.bank.midway = func(deposit) { once() } },
		"save":   func(r *rig, once func()) { r.bank.onSave = func() error { once(); return nil } },
		"call": func(r *rig, once func()) {
			r.bank.approve = func(context.Context, deposit) error { once(); return nil }
		},
		"committed": func(r *rig, once func()) { r.bank.onCommitted = once },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			r.bank.approve = func(context.Context, deposit) error { return nil }
			var panicked atomic.Bool
			where(r, func() {
				if !panicked.Swap(true) {
					panic("out of cheese")
				}
			})
			core, logs := observer.New(zap.WarnLevel)
			r.publish(one(1, "call"))
			r.start(func(c *engine.Config) { c.Logger = zap.New(core) })
			r.drained()
			r.wantBalance(1)
			if n := stacks(logs); n != 1 {
				t.Errorf("%d stacks were logged, want 1: %v", n, logs.All())
			}
		})
	}
}

func TestEngine_dead_letter_of_a_panic_says_where(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.midway = func(deposit) { panic("out of cheese") }
	r.publish(one(1, ""))
	r.start(func(c *engine.Config) { c.MaxAttempts = 1 })
	r.drained()
	var text string
	if err := r.db.Reader().QueryRow("SELECT error FROM engine_dead_letters").Scan(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "panic: out of cheese\n") || !strings.Contains(text, "log_test.go") || strings.Contains(text, "debug.Stack") {
		t.Errorf("the letter's error is %q, want the panic and the frames next to it", text)
	}
	if header := r.stored("dlq")[0].Header.Get("dlq-error"); !strings.Contains(header, "log_test.go") {
		t.Errorf("the header's error is %q", header)
	}
}
