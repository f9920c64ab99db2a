package standalone_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orderly/internal/client"
	"orderly/internal/pgtest"
	"orderly/internal/shop"
	"orderly/pkg/natsembed"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// limit bounds every wait of these tests.
const limit = 60 * time.Second

// names are the programs.
func names() []string { return []string{"order-service", "inventory-service", "payment-service"} }

// build builds the programs into a folder.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names() {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), "orderly/cmd/"+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", name, err, out)
		}
	}
	return dir
}

// service is a running program.
type service struct {
	cmd    *exec.Cmd
	url    chan string // gets the address once the service is ready
	exited chan struct{}
	log    bytes.Buffer // read only after exited
}

func start(t *testing.T, program string, env ...string) *service {
	t.Helper()
	s := &service{cmd: exec.Command(program), url: make(chan string, 1), exited: make(chan struct{})}
	s.cmd.Env = append([]string{"ORDERLY_HTTP_ADDR=127.0.0.1:0"}, env...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.follow(stderr)
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended long ago
		<-s.exited
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), s.log.String())
		}
	})
	return s
}

func (s *service) follow(stderr io.Reader) {
	defer close(s.exited)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		s.log.Write(append(lines.Bytes(), '\n'))
		var line struct{ Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
			s.url <- line.URL
		}
	}
	close(s.url)
	_ = s.cmd.Wait() // how it ended is in ProcessState
}

func (s *service) client(t *testing.T) *client.Client {
	t.Helper()
	select {
	case url, ok := <-s.url:
		if !ok {
			t.Fatalf("%s ended before it was ready", s.cmd.Path)
		}
		c, err := client.New(url, limit)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	case <-time.After(limit):
		t.Fatalf("%s was not ready in %s", s.cmd.Path, limit)
	}
	return nil
}

func (s *service) stop(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.exited:
	case <-time.After(limit):
		t.Fatalf("%s did not stop in %s", s.cmd.Path, limit)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("%s ended with %d after SIGTERM", s.cmd.Path, code)
	}
}

// TestServices_apart_take_orders_to_their_end runs the three programs as in
// production: a NATS server and three databases, and nothing else in common.
func TestServices_apart_take_orders_to_their_end(t *testing.T) {
	t.Parallel()
	databases := map[string]string{}
	for _, name := range names() {
		databases[name] = pgtest.DSN(t)
	}
	broker, err := natsembed.Start(natsembed.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Shutdown)
	dir := build(t)
	run := func(name string) *service {
		return start(t, filepath.Join(dir, name), "ORDERLY_NATS_URL="+broker.URL(), "ORDERLY_DATABASE_URL="+databases[name])
	}
	services := map[string]*service{}
	for _, name := range names() {
		services[name] = run(name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	catalogue := "product_id,name,currency,unit_price_minor,stock\nMUG,Mug,EUR,250,10\n"
	if _, err := shop.Load(ctx, services["inventory-service"].client(t), strings.NewReader(catalogue), nil); err != nil {
		t.Fatal(err)
	}
	orders := services["order-service"].client(t)
	placeAndAwait(ctx, t, orders, "before")

	services["payment-service"].stop(t)
	services["inventory-service"].stop(t)
	ids := place(ctx, t, orders, "between")
	services["payment-service"], services["inventory-service"] = run("payment-service"), run("inventory-service")
	outcome, err := shop.Await(ctx, orders, ids, shop.AwaitOptions{})
	if err != nil || outcome.Confirmed != 1 {
		t.Errorf("an order placed while others were away: got %+v, %v, want it confirmed", outcome, err)
	}
	for _, s := range services {
		s.stop(t)
	}
}

func place(ctx context.Context, t *testing.T, c *client.Client, key string) []string {
	t.Helper()
	placed, err := c.Place(ctx, key, []byte(`{"customer_id":"ann","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":2}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return []string{placed.OrderID}
}

func placeAndAwait(ctx context.Context, t *testing.T, c *client.Client, key string) {
	t.Helper()
	outcome, err := shop.Await(ctx, c, place(ctx, t, c, key), shop.AwaitOptions{})
	if err != nil || outcome.Confirmed != 1 || outcome.Revenue["EUR"] != 500 {
		t.Fatalf("got %+v, %v, want one order confirmed for 5.00 EUR", outcome, err)
	}
}

func TestServices_refuse_what_they_cannot_work_with(t *testing.T) {
	t.Parallel()
	dir := build(t)
	for _, name := range names() {
		for _, c := range []struct {
			code  int
			words string
			args  []string
			env   []string
		}{
			{2, "ORDERLY_DATABASE_URL", nil, nil},
			{2, "not defined: -nope", []string{"--nope"}, nil},
			{2, "unexpected argument", []string{"extra", "more"}, nil},
			{2, "log level", []string{"--log-level", "loud", "--database", "postgres://127.0.0.1:1/x"}, nil},
			{2, "replicas", []string{"--replicas", "9", "--database", "postgres://127.0.0.1:1/x"}, nil},
			{2, "ORDERLY_REPLICAS", nil, []string{"ORDERLY_REPLICAS=many"}},
			{1, "127.0.0.1", nil, []string{"ORDERLY_DATABASE_URL=postgres://u:secret@127.0.0.1:1/x"}},
		} {
			t.Run(fmt.Sprint(name, c.args, c.env), func(t *testing.T) {
				t.Parallel()
				cmd := exec.CommandContext(t.Context(), filepath.Join(dir, name), c.args...)
				cmd.Env = append([]string{"HOME=/"}, c.env...)
				out, err := cmd.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.ExitCode() != c.code || !strings.Contains(string(out), c.words) {
					t.Errorf("got %v and %s, want exit code %d and something with %q", err, out, c.code, c.words)
				}
				if strings.Contains(string(out), "secret") {
					t.Errorf("it told the password: %s", out)
				}
			})
		}
	}
}
