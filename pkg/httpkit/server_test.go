package httpkit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"orderly/pkg/httpkit"
)

const patience = 10 * time.Second

// start runs a server on a free port until the test ends.
func start(t *testing.T, cfg httpkit.ServerConfig) *httpkit.Server {
	t.Helper()
	cfg.Addr = "127.0.0.1:0"
	s := httpkit.NewServer(cfg)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = s.Shutdown(ctx) // the test may have ended it
		for err := range s.Failed() {
			t.Errorf("the server failed: %v", err)
		}
	})
	return s
}

func dial(t *testing.T, s *httpkit.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBusyAddress(t *testing.T) {
	t.Parallel()
	first := start(t, httpkit.ServerConfig{Handler: http.NotFoundHandler()})
	if strings.HasSuffix(first.Addr(), ":0") {
		t.Errorf("address %q is not the real one", first.Addr())
	}
	err := httpkit.NewServer(httpkit.ServerConfig{Addr: first.Addr(), AddrFlag: "--http", Handler: http.NotFoundHandler()}).Start()
	if err == nil {
		t.Fatal("two servers on one address")
	}
	want := "address " + first.Addr() + " is in use: choose another with --http"
	if !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestBadAddress(t *testing.T) {
	t.Parallel()
	s := httpkit.NewServer(httpkit.ServerConfig{Addr: "127.0.0.1:port", Handler: http.NotFoundHandler()})
	if err := s.Start(); err == nil || !strings.Contains(err.Error(), "127.0.0.1:port") {
		t.Errorf("error %v does not name the address", err)
	}
	if s.Addr() != "" {
		t.Errorf("address %q", s.Addr())
	}
}

// A client that sends its headers slowly is cut off.
func TestSlowHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	s := start(t, httpkit.ServerConfig{Handler: http.NotFoundHandler(), ReadHeaderTimeout: 50 * time.Millisecond})
	c := dial(t, s)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Fatal("the connection stays open")
	}
}

// A client that sends its body slowly is told so, and cut off.
func TestSlowBodyIsCutOff(t *testing.T) {
	t.Parallel()
	s := start(t, httpkit.ServerConfig{
		Handler:     httpkit.NewHandler(newMux(nil), httpkit.HandlerConfig{}),
		ReadTimeout: 100 * time.Millisecond,
	})
	c := dial(t, s)
	if _, err := io.WriteString(c, "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	problemOf(t, res, http.StatusRequestTimeout)
	if _, err := io.ReadAll(c); isTimeout(err) {
		t.Error("the connection stays open")
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

func TestLargeHeadersAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, httpkit.ServerConfig{Handler: http.NotFoundHandler()})
	r, err := http.NewRequest(http.MethodGet, "http://"+s.Addr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if read(t, res); res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

// Whoever waits is told of the shutdown, and the answer still arrives.
func TestShutdownTellsWaiters(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	s := start(t, httpkit.ServerConfig{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-httpkit.Draining(r.Context())
		fmt.Fprint(w, "what there is")
	})})
	c := dial(t, s)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-waiting
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, res); got != "what there is" {
		t.Errorf("answer %q", got)
	}
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("second shutdown: %v", err)
	}
}

func TestShutdownSaysWhatItCutOff(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	s := start(t, httpkit.ServerConfig{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(waiting)
		<-r.Context().Done()
	})})
	c := dial(t, s)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-waiting
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
}
