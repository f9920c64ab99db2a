package standalone_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"orderly/internal/pgtest"
	"orderly/pkg/natsembed"
)

// run runs a program to its end and returns its exit code and all it said.
func run(t *testing.T, env []string, program string, args ...string) (int, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append([]string{"HOME=/", "ORDERLY_HTTP_ADDR=127.0.0.1:0"}, env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func wants(t *testing.T, what string, code int, out string, wantCode int, words ...string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("%s ended with %d, want %d:\n%s", what, code, wantCode, out)
	}
	for _, w := range words {
		if !strings.Contains(out, w) {
			t.Errorf("%s said\n%s, want something with %q", what, out, w)
		}
	}
}

func startBroker(t *testing.T) *natsembed.Server {
	t.Helper()
	broker, err := natsembed.Start(natsembed.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Shutdown)
	return broker
}

// G1: an operator migrates, ten times at once, and services that only check are
// refused before and start after. No service works on another's database.
func testMigrations(t *testing.T, dir string) {
	dsn, broker := pgtest.DSN(t), startBroker(t)
	orderly, orders := filepath.Join(dir, "orderly"), filepath.Join(dir, "order-service")
	env := []string{"ORDERLY_DATABASE_URL=" + dsn, "ORDERLY_NATS_URL=" + broker.URL(), "ORDERLY_MIGRATE=check"}

	code, out := run(t, env, orders)
	wants(t, "a service that checks an empty database", code, out, 1, "has to be migrated", "orderly migrate up --service order")
	code, out = run(t, env, orderly, "migrate", "status", "--service", "order")
	wants(t, "status before", code, out, 0, "engine", "order", "pending")

	var ten sync.WaitGroup
	for range 10 {
		ten.Go(func() {
			code, out := run(t, env, orderly, "migrate", "up", "--service", "order")
			wants(t, "one of ten", code, out, 0, "APPLIED")
		})
	}
	ten.Wait()
	code, out = run(t, env, orderly, "migrate", "status", "--service", "order", "--output", "json")
	var versions []struct {
		Tables  string
		Applied bool
	}
	if err := json.Unmarshal([]byte(out), &versions); err != nil || code != 0 || len(versions) < 2 {
		t.Fatalf("status ended with %d: %v\n%s", code, err, out)
	}
	for _, v := range versions {
		if !v.Applied {
			t.Errorf("a version of %s is not applied:\n%s", v.Tables, out)
		}
	}
	s := start(t, orders, env...)
	s.client(t)
	s.stop(t)

	for _, name := range []string{"inventory", "payment"} {
		code, out := run(t, env[:2], filepath.Join(dir, name+"-service"))
		wants(t, name+" on the database of order", code, out, 1, `\"order\"`, `\"`+name+`\"`, "belongs to another service")
		code, out = run(t, env, orderly, "migrate", "up", "--service", name)
		wants(t, "migrate as "+name, code, out, 1, `"order"`, `"`+name+`"`)
	}
	code, out = run(t, env[1:], orderly, "migrate", "up", "--service", "order")
	wants(t, "migrate without a database", code, out, 2, "ORDERLY_DATABASE_URL")
}

// The operator's commands find NATS where the services find it.
func testTopology(t *testing.T, dir string) {
	file := filepath.Join(t.TempDir(), "nats")
	if err := os.WriteFile(file, []byte(startBroker(t).URL()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out := run(t, []string{"ORDERLY_NATS_URL_FILE=" + file}, filepath.Join(dir, "orderly"), "topology", "apply")
	wants(t, "topology apply", code, out, 0, "created", "stream ORDERS")
}

func testConfigPrint(t *testing.T, dir string) {
	program := filepath.Join(dir, "order-service")
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte("host=db password='hunter2' dbname=orders\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"ORDERLY_DATABASE_URL_FILE=" + file, "ORDERLY_NATS_URL=nats://ann:hunter2@one:4222,nats://hunter2@two:4222"}
	code, out := run(t, env, program, "config", "print", "--ack-wait", "10s")
	wants(t, "config print", code, out, 0, "host=db password=xxxxx dbname=orders", "ORDERLY_DATABASE_URL_FILE, "+file,
		"nats://ann:xxxxx@one:4222,nats://xxxxx@two:4222", "--ack-wait", "redrive-after     30s", "default")
	if strings.Contains(out, "hunter2") {
		t.Errorf("it told a password:\n%s", out)
	}
	code, out = run(t, env, program, "config", "print", "--output", "json")
	var all []struct{ Name, Value, Source string }
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 || len(all) < 10 || strings.Contains(out, "hunter2") {
		t.Errorf("got %d, %v and\n%s", code, err, out)
	}
	code, out = run(t, append(env, "ORDERLY_REPLICAS=9"), program, "config", "print")
	wants(t, "config print of a bad value", code, out, 2, "redrive-after", `ORDERLY_REPLICAS: "9"`)
}

// G8: for a while after SIGTERM requests are served, and load balancers are told
// to turn away.
func testDrain(t *testing.T, dir string) {
	env := []string{"ORDERLY_DATABASE_URL=" + pgtest.DSN(t), "ORDERLY_NATS_URL=" + startBroker(t).URL(), "ORDERLY_DRAIN=3s"}
	s := start(t, filepath.Join(dir, "order-service"), env...)
	url := s.await(t)
	if got := status(t, url+"/readyz"); got != http.StatusOK {
		t.Fatalf("ready: %d", got)
	}
	asks := func() (int, string) {
		return run(t, []string{"ORDERLY_HTTP_ADDR=" + strings.TrimPrefix(url, "http://")}, filepath.Join(dir, "order-service"), "healthcheck")
	}
	code, out := asks()
	wants(t, "healthcheck", code, out, 0, "ready")
	code, out = run(t, []string{"ORDERLY_URL=" + url}, filepath.Join(dir, "orderly"), "healthcheck", "--live")
	wants(t, "orderly healthcheck", code, out, 0, "live")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for status(t, url+"/readyz") != http.StatusServiceUnavailable {
		<-tick.C
	}
	code, out = asks()
	wants(t, "healthcheck while it stops", code, out, 1, "not well: process: the process is shutting down")
	if got := status(t, url+"/v1/orders"); got != http.StatusOK {
		t.Errorf("a request while draining: %d", got)
	}
	<-s.exited
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	code, out = asks()
	wants(t, "healthcheck after the end", code, out, 1, "connection refused")
	code, out = run(t, nil, filepath.Join(dir, "order-service"), "healthcheck", "--http", "127.0.0.1:0")
	wants(t, "healthcheck of any port", code, out, 2, "the port is chosen at the start")
	code, out = run(t, nil, filepath.Join(dir, "order-service"), "--debug-addr", "0.0.0.0:6060")
	wants(t, "a debug address that others reach", code, out, 2, `--debug-addr: "0.0.0.0:6060" may be reached from other machines`)
	code, out = run(t, nil, filepath.Join(dir, "orderly"), "up", "--debug-addr", ":6060")
	wants(t, "a debug address that others reach", code, out, 2, `--debug-addr: ":6060" may be reached from other machines`)
}

func status(t *testing.T, url string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: limit}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}
