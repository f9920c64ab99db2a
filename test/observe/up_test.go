package observe_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"orderly/internal/app/allinone"
	"orderly/order"
	"orderly/payment/gateway"
)

// What `orderly up` runs, under load: every picture of every dashboard has something
// to show, nothing fires while all is well, and of a gateway that is away tell the
// alerts that are there for it, and no other.
func TestGateway_outage_is_seen(t *testing.T) {
	t.Parallel()
	tool(t, "prometheus")
	system, err := allinone.Start(t.Context(), allinone.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", Version: "test", Policy: order.DefaultPolicy()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := system.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	load(t, system.URL())
	p := startPrometheus(t, map[string]string{"orderly": strings.TrimPrefix(system.URL(), "http://")})

	const ofAlerts = "orderly-overview, Alerts, and since when"
	left := dashboardQueries(t)
	t.Cleanup(func() {
		for _, q := range left {
			t.Logf("%s shows nothing: %s", q.where, q.expr)
		}
	})
	eventually(t, "the dashboards have something to show", func() bool {
		left = slices.DeleteFunc(left, func(q panelQuery) bool { return p.shows(q.expr) })
		return len(left) == 0 || len(left) == 1 && left[0].where == ofAlerts
	})
	p.only()

	if err := system.Gateway.SetSettings(t.Context(), gateway.Settings{Outage: true}); err != nil {
		t.Fatal(err)
	}
	p.await("OrderlyGatewayAway", "OrderlyOrdersStill")
	if left = slices.DeleteFunc(left, func(q panelQuery) bool { return p.shows(q.expr) }); len(left) > 0 {
		t.Error("now that something fires, there is a dashboard that has nothing to show of it")
	}
	p.texts()
	p.only("OrderlyGatewayAway", "OrderlyOrdersStill", "OrderlyEventsWait payment", "OrderlyNothingMoves payment")

	if err := system.Gateway.SetSettings(t.Context(), gateway.Settings{}); err != nil {
		t.Fatal(err)
	}
	p.calm()
}

// shows reports whether Grafana would have something to draw.
func (p *prometheus) shows(expr string) bool {
	p.t.Helper()
	for _, s := range p.ask(grafana.Replace(expr)) {
		if !math.IsNaN(float64(s.Value)) {
			return true
		}
	}
	return false
}

// grafana puts in what Grafana would, if everything is chosen.
var grafana = strings.NewReplacer("$__rate_interval", (12 * time.Second).String(), "$service", ".+", "$instance", ".+")
