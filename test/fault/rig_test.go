package fault_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/internal/client"
	"orderly/internal/cluster"
)

const (
	// ackWait is the shortest that a service takes: the broker waits as long for
	// one that fell silent before it delivers again.
	ackWait = 5 * time.Second
	// warm is how long the system works before something breaks.
	warm = 2 * time.Second
	// enough orders of each customer show that the system works again.
	enough = 20
	// endLimit is how long orders may take to end once all is mended.
	endLimit = 60 * time.Second
	// confirm is longer than ackWait: what is still on its way then is lost.
	confirm = 7 * time.Second
	// patience is how long customers ask again.
	patience = 2 * time.Minute
)

// rig is a cluster under load.
type rig struct {
	*cluster.Cluster
	t    *testing.T
	plan plan
	load *load
	shop *client.Client // patient
}

// settings make recovery fit into the time of a test.
func settings() []string {
	return []string{
		"ORDERLY_ACK_WAIT=" + ackWait.String(),
		"ORDERLY_REDRIVE_AFTER=3s",
		"ORDERLY_REDRIVE_MAX=10s",
		"ORDERLY_ORDER_DEADLINE=10m",
	}
}

// start starts a cluster, fills the shop and lets the customers in.
func start(t *testing.T, p plan, s scenario) *rig {
	t.Helper()
	cfg := cluster.Config{Dir: temporary(t), Programs: programs, Links: true, Settings: func(string) []string { return settings() }}
	if s.configure != nil {
		s.configure(t, &cfg)
	}
	began := time.Now()
	c, err := cluster.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		keepLogs(t, c.Dir())
	})
	r := &rig{Cluster: c, t: t, plan: p, shop: newClient(t, c.URL(), patience)}
	loadCatalogue(t.Context(), t, r.shop)
	customers := r.shop
	if s.impatient {
		customers = newClient(t, c.URL(), 0)
	}
	r.load = startLoad(t, customers, p.Uint64())
	t.Cleanup(func() { r.load.stop() })
	r.sleep(warm)
	return r
}

func newClient(t *testing.T, url string, retryFor time.Duration) *client.Client {
	t.Helper()
	c, err := client.New(url, retryFor)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// temporary is a directory that PostgreSQL's account can reach, which those of
// testing are not where the test runs as root.
func temporary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "orderly-fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// keepLogs saves what the processes of a failed test said.
func keepLogs(t *testing.T, dir string) {
	if !t.Failed() {
		return
	}
	kept, err := os.MkdirTemp("", "orderly-fault-logs-")
	if err != nil {
		t.Error(err)
		return
	}
	if err := os.CopyFS(kept, os.DirFS(filepath.Join(dir, "logs"))); err != nil {
		t.Error(err)
	}
	t.Logf("the logs are kept in %s", kept)
}

// sleep lets the system work, or suffer, for a while: for how long is the
// scenario's plan.
func (r *rig) sleep(d time.Duration) {
	r.t.Helper()
	select {
	case <-time.After(d):
	case <-r.t.Context().Done():
	}
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// within bounds a start or an end.
func (r *rig) within() context.Context {
	ctx, cancel := context.WithTimeout(r.t.Context(), endLimit)
	r.t.Cleanup(cancel)
	return ctx
}

// streams talks to the brokers, through no link.
func (r *rig) streams() jetstream.JetStream {
	r.t.Helper()
	var urls []string
	for _, b := range r.Brokers {
		urls = append(urls, b.URL)
	}
	nc, err := nats.Connect(strings.Join(urls, ","), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	r.must(err)
	r.t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	r.must(err)
	return js
}

// leader is the broker that leads a stream.
func (r *rig) leader(stream string) *cluster.Broker {
	r.t.Helper()
	js := r.streams()
	var leader *cluster.Broker
	r.eventually(func(ctx context.Context) error {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		for _, b := range r.Brokers {
			if info := s.CachedInfo().Cluster; info != nil && b.Name == info.Leader {
				leader = b
				return nil
			}
		}
		return fmt.Errorf("stream %s has no leader", stream)
	})
	return leader
}

// eventually asks again until it succeeds: brokers elect, PostgreSQL recovers.
func (r *rig) eventually(do func(context.Context) error) {
	r.t.Helper()
	began := time.Now()
	for {
		// A stream that has no leader does not answer at all.
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
		err := do(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Since(began) > endLimit {
			r.t.Fatal(err)
		}
		r.sleep(50 * time.Millisecond)
	}
}
