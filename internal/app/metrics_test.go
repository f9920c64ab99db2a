package app

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/pkg/engine"
)

// The services of one process show their dead letters side by side, each kind
// from the start.
func TestLetterMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	r.MustRegister(newLetterMetrics("order", func() []engine.Depth { return nil }))
	r.MustRegister(newLetterMetrics("payment", func() []engine.Depth {
		return []engine.Depth{{Kind: "panic", Count: 3, Oldest: 90 * time.Second}}
	}))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetValue())
			}
			got[f.GetName()+" "+strings.Join(labels, " ")] = m.GetGauge().GetValue()
		}
	}
	if len(got) != 2*2*len(engine.LetterKinds()) {
		t.Errorf("%d series", len(got))
	}
	for name, want := range map[string]float64{
		"orderly_dead_letters panic payment": 3, "orderly_dead_letters panic order": 0, "orderly_dead_letters refused payment": 0,
		"orderly_dead_letter_oldest_seconds panic payment": 90,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}
