package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"orderly/pkg/engine"
)

// BenchmarkReplay is what a replay costs: events that are handled as they come,
// and as many that are decided again from the table of dead letters, 256 to a
// request as the operator's tool asks for them.
func BenchmarkReplay(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkReplay(b, newRig(b, onDisk(b))) })
	b.Run("postgres", func(b *testing.B) { benchmarkReplay(b, newRig(b, onPostgres(b))) })
}

func benchmarkReplay(b *testing.B, r *rig) {
	r.bury(b.N, b.N)
	e := r.start(nil)
	r.drained()
	ids := r.allLetters(e)
	r.stop(e)
	for n := 0; n < b.N; n += 100 {
		r.publishPack(dated(n, min(n+100, b.N))...)
	}
	r.bank.decide = nil
	b.ResetTimer()
	e = r.start(nil)
	r.drained()
	usual := b.Elapsed()
	var all errgroup.Group
	all.SetLimit(4)
	for part := range slices.Chunk(ids, 256) {
		all.Go(func() error {
			_, err := e.DeadLetters().Replay(b.Context(), ann, part...)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	replayed := b.Elapsed() - usual
	b.ReportMetric(float64(b.N)/usual.Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/replayed.Seconds(), "replays/s")
	b.ReportMetric(usual.Seconds()/replayed.Seconds(), "of-usual")
	r.stop(e)
	r.wantBalance(2 * b.N)
}

// BenchmarkLetters lists ten thousand dead letters, page by page.
func BenchmarkLetters(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkLetters(b, newRig(b, onDisk(b))) })
	b.Run("postgres", func(b *testing.B) { benchmarkLetters(b, newRig(b, onPostgres(b))) })
}

func benchmarkLetters(b *testing.B, r *rig) {
	const letters = 10_000
	r.bury(0, letters)
	e := r.start(nil)
	r.await("all are dead", func() bool { return r.number("SELECT count(*) FROM engine_dead_letters") == letters })
	b.ResetTimer()
	for range b.N {
		if n := len(r.allLetters(e)); n != letters {
			b.Fatalf("%d letters, want %d", n, letters)
		}
	}
	b.StopTimer()
	r.stop(e)
}

// dated are deposits whose ids sort by their time, as those of orders do.
func dated(from, to int) []deposit {
	ds := make([]deposit, 0, to-from)
	for n := from; n < to; n++ {
		ds = append(ds, deposit{ID: fmt.Sprintf("01990000-%04x-7000-8000-%012x", n>>4&0xffff, n), Account: "a", Amount: 1})
	}
	return ds
}

// bury sends so many deposits, from a number on, that the bank refuses for good.
func (r *rig) bury(from, n int) {
	r.bank.decide = func(context.Context, *engine.Input, deposit) error { return engine.Never(errRefused) }
	for at := from; at < from+n; at += 100 {
		r.publishPack(dated(at, min(at+100, from+n))...)
	}
}

func (r *rig) allLetters(e *engine.Engine) []string {
	r.Helper()
	var ids []string
	for after := (engine.LetterPlace{}); ; {
		page := r.letters(e, engine.LetterFilter{After: after, Limit: 200})
		if len(page) == 0 {
			return ids
		}
		for _, l := range page {
			ids = append(ids, l.ID)
		}
		after = page[len(page)-1].Place()
	}
}
