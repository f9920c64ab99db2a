package logs_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/logs"
)

// A flood of one message leaves room for another one, and what was dropped is
// counted.
func TestGuard_bounds_a_flood_and_lets_others_through(t *testing.T) {
	t.Parallel()
	core, seen := observer.New(zap.DebugLevel)
	var counts logs.Counts
	log := zap.New(logs.Guard(core, &counts))
	const flood = 5000
	for range flood {
		log.Warn("again and again")
	}
	log.Warn("something else")
	if n := seen.FilterMessage("again and again").Len(); n > 500 {
		t.Errorf("%d of %d entries were written", n, flood)
	}
	if n := seen.FilterMessage("something else").Len(); n != 1 {
		t.Errorf("the other message was written %d times", n)
	}
	written, dropped := counts.Of(zap.WarnLevel)
	if written != uint64(seen.Len()) || written+dropped != flood+1 {
		t.Errorf("%d written and %d dropped are counted, %d are there of %d", written, dropped, seen.Len(), flood+1)
	}
}

func TestFields_are_sorted_and_say_what_they_are(t *testing.T) {
	t.Parallel()
	fields := logs.Fields()
	if !slices.IsSortedFunc(fields, func(a, b logs.Field) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the vocabulary is not sorted by name")
	}
	for _, f := range fields {
		if f.Name == "" || f.Help == "" || strings.ToLower(f.Name) != f.Name {
			t.Errorf("%+v", f)
		}
	}
}

func TestTraceID_is_the_traces(t *testing.T) {
	t.Parallel()
	core, seen := observer.New(zap.DebugLevel)
	log := zap.New(core)
	log.Info("in one", logs.TraceID("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
	log.Info("in none", logs.TraceID(""))
	if got := seen.All()[0].ContextMap()["trace_id"]; got != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("got %v", got)
	}
	if got := seen.All()[1].ContextMap(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}
