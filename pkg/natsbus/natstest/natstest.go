// Package natstest starts NATS servers and connections for tests. What it
// starts is stopped when the test ends; what goes wrong fails the test.
package natstest

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
)

const (
	timeout = 10 * time.Second
	// maxStore is a limit for what streams may reserve, not space that is used.
	maxStore = 1 << 40
)

// Start runs a server with JetStream, without listener and without syncing, in a
// directory of the test's own.
func Start(t testing.TB) *natsembed.Server {
	t.Helper()
	e, err := natsembed.Start(natsembed.Config{Dir: t.TempDir(), MaxStore: maxStore})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Shutdown)
	return e
}

// Connect connects to a server in this process. The options are added to those
// of the connection.
func Connect(t testing.TB, e *natsembed.Server, opts ...nats.Option) *natsbus.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	c, err := natsbus.Connect(ctx, natsbus.Config{
		Name:    t.Name(),
		Options: append([]nats.Option{e.ConnectOption()}, opts...),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Log(err) // the test may have stopped the server itself
		}
	})
	return c
}
