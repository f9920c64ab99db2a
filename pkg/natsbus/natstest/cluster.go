package natstest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
)

// Cluster is servers in this process that replicate streams to each other. Its
// methods are for the test's goroutine.
type Cluster struct {
	t       testing.TB
	nodes   []*natsembed.Server // nil while stopped
	dirs    []string
	clients []string // addresses
	routes  []string
}

// NewCluster returns a cluster of n nodes of which none runs yet. They are
// stopped when the test ends.
func NewCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	c := &Cluster{t: t, nodes: make([]*natsembed.Server, n), clients: addresses(t, n), routes: addresses(t, n)}
	for range n {
		c.dirs = append(c.dirs, t.TempDir())
	}
	t.Cleanup(func() {
		for i := range n {
			c.Stop(i)
		}
	})
	return c
}

// StartCluster starts a cluster of three. It may have no leader yet.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c := NewCluster(t, 3)
	for i := range c.nodes {
		c.Start(i)
	}
	return c
}

// addresses reserves nothing: somebody else may take one before it is used,
// which is seldom.
func addresses(t testing.TB, n int) []string {
	t.Helper()
	out := make([]string, n)
	for i := range out {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out[i] = l.Addr().String()
	}
	return out
}

// Start starts a node that does not run, in its directory as it is.
func (c *Cluster) Start(i int) {
	c.t.Helper()
	e, err := natsembed.Start(natsembed.Config{
		Dir:      c.dirs[i],
		Name:     fmt.Sprintf("node-%d", i),
		Listen:   c.clients[i],
		MaxStore: maxStore,
		Cluster:  &natsembed.Cluster{Name: "test", Listen: c.routes[i], Routes: c.routes},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.nodes[i] = e
}

// Stop stops a node, unless it does not run.
func (c *Cluster) Stop(i int) {
	if e := c.nodes[i]; e != nil {
		e.Shutdown()
		c.nodes[i] = nil
	}
}

// Size is how many nodes the cluster has.
func (c *Cluster) Size() int { return len(c.nodes) }

// Dir holds what a node has stored.
func (c *Cluster) Dir(i int) string { return c.dirs[i] }

// URL is where all nodes are.
func (c *Cluster) URL() string { return "nats://" + strings.Join(c.clients, ",nats://") }

// Connect connects to any of the nodes.
func (c *Cluster) Connect() *natsbus.Conn {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	bus, err := natsbus.Connect(ctx, natsbus.Config{Name: c.t.Name(), URL: c.URL()})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		_ = bus.Close(ctx) // its node may be gone
	})
	return bus
}

// Await polls until something holds, which takes as long as elections do.
func (c *Cluster) Await(what string, holds func() bool) {
	c.t.Helper()
	for began := time.Now(); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 6*timeout {
			c.t.Fatalf("timed out waiting for %s", what)
		}
	}
}
