package allinone

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"orderly/internal/app"
	"orderly/pkg/metrics"
)

// families are what /metrics says, by name.
type families map[string]*dto.MetricFamily

func scrape(t *testing.T, s *System) families {
	t.Helper()
	r, err := http.Get(s.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	found, err := parser.TextToMetricFamilies(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// await scrapes until ok.
func await(t *testing.T, s *System, what string, ok func(families) bool) families {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		found := scrape(t, s)
		if ok(found) {
			return found
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("gave up waiting: %s", what)
		}
	}
}

func labelsOf(m *dto.Metric) map[string]string {
	out := make(map[string]string)
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

// sum adds up the series of a counter or gauge with the given labels.
func sum(f *dto.MetricFamily, labels ...string) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		have := labelsOf(m)
		if slices.ContainsFunc(labels, func(l string) bool { name, value, _ := strings.Cut(l, "="); return have[name] != value }) {
			continue
		}
		total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
	}
	return total
}

// What is documented is what a running system serves, with the same labels and
// kinds, and what clients choose makes no series.
func TestMetrics_are_those_documented_whatever_clients_send(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir())
	c := clientOf(t, s)
	stock(t, c)
	const users, each, evil = 4, 50, "evil"
	var wg sync.WaitGroup
	for user := range users {
		wg.Go(func() {
			for n := range each {
				id := fmt.Sprintf("%s-%d-%d", evil, user, n)
				product := "MUG"
				if n%10 == 9 {
					product = id
				}
				body := fmt.Sprintf(`{"customer_id":%q,"currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":%q,"quantity":1}],"metadata":{%q:%q}}`, id, product, id, id)
				if _, err := c.Place(t.Context(), id, json.RawMessage(body)); err != nil {
					t.Errorf("place: %v", err)
				}
				hostile(t, s.URL(), id)
			}
		})
	}
	wg.Wait()
	found := await(t, s, "all orders end and all looks are made", func(f families) bool {
		ended := sum(f["orderly_orders_total"], "status=confirmed") + sum(f["orderly_orders_total"], "status=cancelled")
		return ended == users*each && sum(f["orderly_orders_open"]) >= 0 && f["orderly_orders_open"] != nil && f["orderly_products"] != nil &&
			f["orderly_refunds_open"] != nil && f["orderly_ready_check"] != nil && sum(f["orderly_engine_events_received_total"]) >= users*each
	})
	documented := make(map[string]*metrics.Metric)
	for _, m := range metrics.All(app.Metrics()) {
		documented[m.Name] = m
		if found[m.Name] == nil && m.Name != "orderly_stream_losses_total" {
			t.Errorf("%s is documented and not there", m.Name)
		}
	}
	series := 0
	for name, f := range found {
		m := documented[name]
		if m == nil {
			if strings.HasPrefix(name, "orderly_") {
				t.Errorf("%s is not documented", name)
			}
			continue
		}
		if got := strings.ToLower(f.GetType().String()); got != string(m.Kind) {
			t.Errorf("%s is a %s, documented as a %s", name, got, m.Kind)
		}
		series += len(f.GetMetric())
		for _, one := range f.GetMetric() {
			labels := labelsOf(one)
			for label, value := range labels {
				if !slices.Contains(m.Labels, label) || strings.Contains(value, evil) || len(value) > 64 {
					t.Errorf("%s: label %s=%q", name, label, value)
				}
			}
		}
	}
	if series > 600 {
		t.Errorf("%d series", series)
	}
	if got := sum(found["orderly_order_duration_seconds"], "outcome=confirmed"); got != users*each*9/10 {
		t.Errorf("%v orders confirmed and timed, want %d", got, users*each*9/10)
	}
	if got := sum(found["orderly_gateway_try_seconds"], "outcome=captured"); got < users*each*9/10 {
		t.Errorf("%v charges timed", got)
	}
}

// hostile asks for what is not there, in ways that nobody should.
func hostile(t *testing.T, at, id string) {
	t.Helper()
	for _, one := range []struct{ method, path string }{
		{http.MethodGet, "/v1/orders/" + id}, {http.MethodGet, "/" + id + "?" + id + "=1"}, {"EVIL" + strings.ToUpper(id[len(id)-1:]), "/v1/orders"},
		{http.MethodGet, "/v1/products/" + url.PathEscape(id+"\n\"}")}, {http.MethodPost, "/v1/dead-letters/" + id + "/replay"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), one.method, at+one.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		_ = answer.Body.Close()
	}
}
