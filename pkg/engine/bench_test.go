package engine_test

import (
	"testing"

	"orderly/pkg/engine"
)

// BenchmarkBatch and BenchmarkOneAtATime are what deciding together is worth: a
// disk that syncs, and events that have all arrived.
func BenchmarkBatch(b *testing.B)      { benchmark(b, 256) }
func BenchmarkOneAtATime(b *testing.B) { benchmark(b, 1) }

func benchmark(b *testing.B, maxInputs int) {
	r := newRig(b, onDisk(b))
	for n := 0; n < b.N; n += 100 {
		r.publishPack(ones(n, min(n+100, b.N))...)
	}
	b.ResetTimer()
	e := r.start(func(c *engine.Config) { c.MaxInputs = maxInputs })
	r.drained()
	b.StopTimer()
	r.stop(e)
	r.wantBalance(b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/float64(len(r.observed())), "events/batch")
}
