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
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// limit bounds every wait of these tests.
const limit = 60 * time.Second

// names are the programs.
func names() []string { return []string{"order-service", "inventory-service", "payment-service"} }

// build builds the programs into a folder, the operator's too.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range append(names(), "orderly") {
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
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.follow(stdout)
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill() // it may have ended long ago
		<-s.exited
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), s.log.String())
		}
	})
	return s
}

func (s *service) follow(stdout io.Reader) {
	defer close(s.exited)
	lines := bufio.NewScanner(stdout)
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

// await returns the address once the service is ready.
func (s *service) await(t *testing.T) string {
	t.Helper()
	select {
	case url, ok := <-s.url:
		if !ok {
			t.Fatalf("%s ended before it was ready", s.cmd.Path)
		}
		return url
	case <-time.After(limit):
		t.Fatalf("%s was not ready in %s", s.cmd.Path, limit)
	}
	return ""
}

func (s *service) client(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(s.await(t), limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
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

// TestPrograms builds the programs once and runs them as in production.
func TestPrograms(t *testing.T) {
	t.Parallel()
	dir := build(t)
	for name, test := range map[string]func(t *testing.T, dir string){
		"services apart take orders to their end":    testOrders,
		"services refuse what they cannot work with": testRefusals,
		"the operator migrates":                      testMigrations,
		"the operator sets up the streams":           testTopology,
		"config print shows no password":             testConfigPrint,
		"a service drains":                           testDrain,
		"a user of NATS a service":                   testPermissions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dir)
		})
	}
}

// testOrders: a NATS server and three databases, and nothing else in common.
func testOrders(t *testing.T, dir string) {
	databases := map[string]string{}
	for _, name := range names() {
		databases[name] = pgtest.DSN(t)
	}
	broker := startBroker(t)
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

func testRefusals(t *testing.T, dir string) {
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
			{2, "--log-level: \"loud\"", []string{"--log-level", "loud", "--database", "postgres://127.0.0.1:1/x"}, nil},
			{2, "--replicas: \"9\" is not a number from 1 to 5", []string{"--replicas", "9", "--database", "postgres://127.0.0.1:1/x"}, nil},
			{2, "ORDERLY_REPLICAS", nil, []string{"ORDERLY_REPLICAS=many"}},
			{2, "ORDERLY_ACK_WAIT: \"1s\" is not a time from 5s to 1h", nil, []string{"ORDERLY_ACK_WAIT=1s"}},
			{2, "use start or check", []string{"--migrate", "never"}, nil},
			{2, "ORDERLY_DATABASE_URL and ORDERLY_DATABASE_URL_FILE are both set", nil, []string{"ORDERLY_DATABASE_URL=postgres:///secret", "ORDERLY_DATABASE_URL_FILE=/x"}},
			{2, "%40", nil, []string{"ORDERLY_DATABASE_URL=postgres://u:a@secret@h/x"}},
			{2, "%2C", nil, []string{"ORDERLY_NATS_URL=nats://u:secret,a@h", "ORDERLY_DATABASE_URL=postgres://u:secret@127.0.0.1:1/x"}},
			{2, "OTEL_TRACES_SAMPLER: \"sometimes\" is not known", nil, []string{
				"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_TRACES_SAMPLER=sometimes", "ORDERLY_DATABASE_URL=postgres://u:secret@127.0.0.1:1/x",
			}},
			{2, "use: config print", []string{"config"}, nil},
			{2, "is not known: use text or json", []string{"config", "print", "--output", "xml"}, nil},
			{1, "is it a typo?", nil, []string{"ORDERLY_NATS_ULR=x", "ORDERLY_DATABASE_URL=postgres://u:secret@127.0.0.1:1/x"}},
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
