package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"orderly/internal/pgtest"
)

// wire lies between the pools and the server: it counts round trips, and may
// lose the answer to a COMMIT.
type wire struct {
	dsn        string // of the database behind it
	loseCommit atomic.Bool
	trips      atomic.Int64

	socket string // the server's
	conns  sync.WaitGroup
}

func newWire(t *testing.T) *wire {
	t.Helper()
	direct, err := url.Parse(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	query := direct.Query()
	w := &wire{socket: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	query.Set("host", "127.0.0.1")
	query.Set("port", strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	query.Set("sslmode", "disable")
	direct.RawQuery = query.Encode()
	w.dsn = direct.String()
	w.conns.Go(func() { w.accept(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		w.conns.Wait()
	})
	return w
}

// during returns how many round trips fn made.
func (w *wire) during(fn func()) int64 {
	before := w.trips.Load()
	fn()
	return w.trips.Load() - before
}

func (w *wire) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", w.socket)
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &line{wire: w, client: client, server: server}
		w.conns.Go(func() { l.pass(client, server, l.asks) })
		w.conns.Go(func() { l.pass(server, client, l.answers) })
	}
}

// line is one connection.
type line struct {
	*wire
	client, server net.Conn
	asking, losing atomic.Bool
	commit         []byte // the name under which COMMIT was prepared
}

// pass carries what comes from one end to the other, as long as look lets it.
func (l *line) pass(from, to net.Conn, look func(data []byte) bool) {
	defer func() {
		_ = l.client.Close()
		_ = l.server.Close()
	}()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if err != nil || !look(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (l *line) asks(data []byte) bool {
	if !l.asking.Swap(true) {
		l.trips.Add(1)
	}
	if l.commits(data) && l.loseCommit.Swap(false) {
		l.losing.Store(true)
	}
	return true
}

// commits reports whether data has a COMMIT: alone as a simple query, or bound
// among other statements under the name that it was prepared with.
func (l *line) commits(data []byte) bool {
	if before, _, ok := bytes.Cut(data, []byte("\x00commit\x00")); ok {
		l.commit = bytes.Clone(before[bytes.LastIndex(before, []byte("stmtcache_")):])
	}
	bound := l.commit != nil && bytes.Contains(data, slices.Concat([]byte{0}, l.commit, []byte{0}))
	return bound || bytes.Contains(data, []byte("Q\x00\x00\x00\x0bcommit\x00"))
}

func (l *line) answers([]byte) bool {
	l.asking.Store(false)
	return !l.losing.Load()
}
