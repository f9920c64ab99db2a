package observe_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/internal/app"
	"orderly/internal/cluster"
	"orderly/internal/pgtest"
)

// stopped is the consumer that somebody stops.
const stopped = "inventory-orders-express"

// Services apart, under load: a service that was killed and a consumer that somebody
// has stopped are told by the alerts that are there for them, by name, and by no
// other.
func TestService_killed_and_consumer_stopped_are_seen(t *testing.T) {
	t.Parallel()
	tool(t, "prometheus")
	pgtest.Need(t)
	c := startCluster(t)
	load(t, c.URL())
	jobs := make(map[string]string)
	for _, r := range c.Replicas {
		jobs[r.Service+"-service"] = strings.TrimPrefix(r.URL, "http://")
	}
	p := startPrometheus(t, jobs)
	eventually(t, "orders are confirmed", func() bool { return p.shows(`sum(orderly_orders_total{status="confirmed"}) > 20`) })
	p.only()

	pause(t, c, time.Now().Add(time.Hour))
	payment := c.Of(cluster.Payment)[0]
	payment.Kill()
	p.await("OrderlyServiceGone payment", "OrderlyProcessDown payment-service")
	if err := payment.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the service is there again", func() bool {
		return !strings.Contains(strings.Join(p.firing(), ","), "payment")
	})

	p.await("OrderlyConsumerStopped inventory "+stopped, "OrderlyOrdersStill")
	p.texts()
	pause(t, c, time.Now())
	p.only("OrderlyServiceGone payment", "OrderlyProcessDown payment-service",
		"OrderlyConsumerStopped inventory "+stopped, "OrderlyEventsWait inventory "+stopped, "OrderlyNotReady inventory-service", "OrderlyOrdersStill")
	p.calm()
}

// startCluster starts one replica of each service.
func startCluster(t *testing.T) *cluster.Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "orderly-observe-") // PostgreSQL's account can reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	build := exec.Command("go", "build", "-o", dir+"/bin/",
		"orderly/cmd/order-service", "orderly/cmd/inventory-service", "orderly/cmd/payment-service", "github.com/nats-io/nats-server/v2")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	// What a dead process had in hand comes again before it counts as waiting.
	settings := func(string) []string { return []string{"ORDERLY_ACK_WAIT=" + minute.String()} }
	c, err := cluster.Start(t.Context(), cluster.Config{Programs: dir + "/bin", Replicas: 1, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// pause lets the consumer give nothing until then.
func pause(t *testing.T, c *cluster.Cluster, until time.Time) {
	t.Helper()
	nc, err := nats.Connect(c.Brokers[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.PauseConsumer(t.Context(), app.StreamOrders, stopped, until); err != nil {
		t.Fatal(err)
	}
}
