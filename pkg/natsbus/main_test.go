package natsbus_test

import (
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline bounds every wait of these tests.
const deadline = 30 * time.Second

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	return ctx
}

// await waits for a signal.
func await[T any](t *testing.T, what string, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(deadline):
		t.Fatalf("timed out waiting for %s", what)
		panic("not reached")
	}
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startAt runs a server on a directory and address, both of the caller's.
func startAt(t *testing.T, dir, listen string) *natsembed.Server {
	t.Helper()
	e, err := natsembed.Start(natsembed.Config{Dir: dir, Listen: listen, MaxStore: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Shutdown)
	return e
}

// connectTo connects to a server by its address.
func connectTo(t *testing.T, cfg natsbus.Config) *natsbus.Conn {
	t.Helper()
	c, err := natsbus.Connect(testContext(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) }) // the server may be gone
	return c
}
