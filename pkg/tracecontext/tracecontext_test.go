package tracecontext_test

import (
	"testing"

	"go.opentelemetry.io/otel/trace"

	"orderly/pkg/tracecontext"
)

const sample = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestFormat_is_the_way_back(t *testing.T) {
	t.Parallel()
	for _, s := range []string{sample, sample[:53] + "00", sample[:53] + "03"} {
		sc, ok := tracecontext.Parse(s)
		if !ok || !sc.IsRemote() || sc.IsSampled() != (s[54] != '0') {
			t.Errorf("%s reads as %+v, %v", s, sc, ok)
		}
		if got := tracecontext.Format(sc); got != s {
			t.Errorf("%s is written as %s", s, got)
		}
		if got := tracecontext.Unsampled(s); got == sc.IsSampled() {
			t.Errorf("%s is taken for one that is not sampled: %v", s, got)
		}
	}
	other := "00-1" + sample[4:]
	if !tracecontext.Same(sample, sample[:36]+"0000000000000001-00") || tracecontext.Same(sample, other) || tracecontext.Same("", "") {
		t.Error("the same trace is another one, or another one the same")
	}
	if got := tracecontext.Format(trace.SpanContext{}); got != "" {
		t.Errorf("no span is written as %q", got)
	}
	if got := tracecontext.TraceID(sample); got != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the id of the trace is %q", got)
	}
}

func TestParse_refuses_what_is_not_well_formed(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "00", sample[:54], sample + "-more", "ff" + sample[2:], "0G" + sample[2:],
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	} {
		if sc, ok := tracecontext.Parse(s); ok || sc.IsValid() || tracecontext.TraceID(s) != "" {
			t.Errorf("%q reads as %+v", s, sc)
		}
	}
}

// What is on the way of every event makes no garbage.
func TestParse_allocates_nothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { tracecontext.Parse(sample) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
