package cluster_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"orderly/internal/cluster"
)

// echo is a server that sends back what it hears.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn) // until the other side closes
			}()
		}
	}()
	return l.Addr().String()
}

// wire is a client of a link.
type wire struct {
	net.Conn
	t     *testing.T
	lines *bufio.Reader
}

func dial(t *testing.T, addr string) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{conn, t, bufio.NewReader(conn)}
}

func (w *wire) say(line string) {
	w.t.Helper()
	if _, err := io.WriteString(w, line+"\n"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wire) hears(line string) {
	w.t.Helper()
	_ = w.SetReadDeadline(time.Now().Add(10 * time.Second))
	if got, err := w.lines.ReadString('\n'); got != line+"\n" {
		w.t.Fatalf("heard %q, %v, want %q", got, err, line)
	}
}

func (w *wire) hearsNothing() {
	w.t.Helper()
	_ = w.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if got, err := w.lines.Peek(1); err == nil {
		w.t.Fatalf("heard %q on a wire that is cut", got)
	}
}

// A cut wire is silent, old connections and new; mended, nothing is missing.
func TestLink_cut_and_mended(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(*cluster.Link){
		"both": (*cluster.Link).Cut, "there": (*cluster.Link).CutThere, "back": (*cluster.Link).CutBack,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := cluster.NewLink(echo(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.Close)
			old := dial(t, l.Addr())
			old.say("before")
			old.hears("before")
			cut(l)
			old.say("during")
			old.hearsNothing()
			fresh := dial(t, l.Addr())
			fresh.say("fresh")
			fresh.hearsNothing()
			l.Mend()
			old.hears("during")
			fresh.hears("fresh")
		})
	}
}

func TestLink_passes_on_an_end(t *testing.T) {
	t.Parallel()
	l, err := cluster.NewLink(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	w := dial(t, l.Addr())
	w.say("hello")
	w.hears("hello")
	l.Close()
	_ = w.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := w.lines.ReadByte(); err == nil {
		t.Error("the connection outlived its link")
	}
}
