package natsembed_test

import (
	"context"
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
