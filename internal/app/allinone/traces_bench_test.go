package allinone

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"orderly/pkg/otlp"
)

// BenchmarkTraces is for a profile, of which traces are a share: what a run takes
// differs more from the next than traces make it.
//
//	go test ./internal/app/allinone -run - -bench 'Traces/one_in_100' -benchtime 10000x -cpuprofile cpu
//	go tool pprof -top -cum -focus 'opentelemetry|orderly/pkg/(otlp|tracecontext)|tracer|spanOwner|\.traced|endSpan' cpu
func BenchmarkTraces(b *testing.B) {
	for name, sampler := range map[string]sdktrace.Sampler{
		"one in 100": sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0.01)),
		"all":        sdktrace.AlwaysSample(),
	} {
		b.Run(name, func(b *testing.B) { placeMany(b, sampler) })
	}
}

func placeMany(b *testing.B, sampler sdktrace.Sampler) {
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer receiver.Close()
	s, err := Start(b.Context(), Config{
		Dir: b.TempDir(), Addr: "127.0.0.1:0", Policy: patient(),
		Traces: otlp.New(otlp.Config{Endpoint: receiver.URL, Sampler: sampler}),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer stop(b, s)
	c := clientOf(b, s)
	stock(b, c)
	body := json.RawMessage(`{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":1}]}`)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	const users = 32
	for range users {
		all.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				placed, err := c.Place(b.Context(), strconv.FormatInt(n, 10), body)
				if err == nil && n > int64(b.N)-users {
					_, err = c.Ended(b.Context(), placed.OrderID)
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
