package metrics_test

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/pkg/metrics"
)

// A figure that is there already is shown by a collector; its declaration is also
// its line in a document.
func Example() {
	seats := metrics.New(metrics.Gauge, "cinema_seats", "Seats that are free.", "hall")
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.Collector(func(to metrics.Sink) {
		to.Send(seats, 42, "red")
	}))
	families, err := registry.Gather()
	if err != nil {
		panic(err)
	}
	fmt.Println(families[0].GetName(), families[0].GetMetric()[0].GetGauge().GetValue())
	fmt.Print(metrics.Markdown([]metrics.Group{{Title: "Cinema", Metrics: []*metrics.Metric{seats}}}))
	// Output:
	// cinema_seats 42
	// ## Cinema
	//
	// | metric | labels | kind | what |
	// | --- | --- | --- | --- |
	// | `cinema_seats` | `hall` | gauge | Seats that are free. |
}
