package natsembed_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/natsembed"
)

func TestStart_refuses_a_directory_in_use(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startAt(t, dir, "")
	_, err := natsembed.Start(natsembed.Config{Dir: dir})
	if want := fmt.Sprintf("%s is in use by another process (pid %d)", dir, os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("got error %v, want %q", err, want)
	}
	first.Shutdown()
	first.Shutdown()
	second, err := natsembed.Start(natsembed.Config{Dir: dir})
	if err != nil {
		t.Fatalf("after the first has stopped: %v", err)
	}
	second.Shutdown()
}

func TestStart_keeps_messages_over_a_restart(t *testing.T) {
	t.Parallel()
	ctx, dir := testContext(t), t.TempDir()
	publish := func() jetstream.Stream {
		e, err := natsembed.Start(natsembed.Config{Dir: dir, SyncAlways: true, MaxStore: 1 << 30, Name: "keeper"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Shutdown)
		defer e.Shutdown()
		js := natstest.Connect(t, e).JetStream()
		stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "KEEP", Subjects: []string{"keep.>"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(ctx, "keep.it", []byte("kept")); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Info(ctx); err != nil {
			t.Fatal(err)
		}
		return stream
	}
	for restarts := range uint64(2) {
		if got := publish().CachedInfo().State.Msgs; got != restarts+1 {
			t.Errorf("%d messages after %d restarts, want %d", got, restarts, restarts+1)
		}
	}
}

func TestStart_listens_only_if_told_to(t *testing.T) {
	t.Parallel()
	if url := natstest.Start(t).URL(); url != "" {
		t.Errorf("a server without listener has the URL %q", url)
	}
	e := startAt(t, t.TempDir(), "127.0.0.1:0")
	if !strings.HasPrefix(e.URL(), "nats://127.0.0.1:") || strings.HasSuffix(e.URL(), ":0") {
		t.Fatalf("URL %q, want a port that was picked", e.URL())
	}
	if c := connectTo(t, natsbus.Config{URL: e.URL()}); !c.State().Connected {
		t.Error("not connected")
	}
}

func TestStart_refuses_what_it_cannot_do(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tests := map[string]struct {
		cfg  natsembed.Config
		want string
	}{
		"no directory":    {natsembed.Config{}, "needs a directory"},
		"a file":          {natsembed.Config{Dir: file}, "create its directory"},
		"no port":         {natsembed.Config{Dir: dir, Listen: "127.0.0.1"}, "give host and port"},
		"a port too high": {natsembed.Config{Dir: dir, Listen: "127.0.0.1:70000"}, "from 0 to 65535"},
		"a port in use":   {natsembed.Config{Dir: dir, Listen: taken.Addr().String()}, "address already in use"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, err := natsembed.Start(test.cfg)
			if err == nil {
				e.Shutdown()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
	// None of the failures may keep the directory.
	startAt(t, dir, "")
}
