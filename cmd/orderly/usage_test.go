package main_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsage_mistakes_end_with_2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	orders := write(t, "orders.jsonl", "")
	for _, c := range []struct {
		words string
		args  []string
	}{
		{"expected one of", nil},
		{"unexpected argument nonsense", []string{"nonsense"}},
		{"unknown flag --nope", []string{"version", "--nope"}},
		{"--output must be one of", []string{"version", "--output", "xml"}},
		{"--url", []string{"orders", "list", "--url", "nonsense"}},
		{"--url", []string{"verify", "--url", "nonsense"}},
		{"expected \"<id>\"", []string{"orders", "get"}},
		{"--status must be one of", []string{"orders", "list", "--status", "lost"}},
		{"--limit", []string{"orders", "list", "--limit", "-1"}},
		{"not both", []string{"orders", "watch", "x", "--status", "pending"}},
		{"--concurrency", []string{"orders", "submit", orders, "--concurrency", "0"}},
		{"--rate", []string{"orders", "submit", orders, "--rate", "-1"}},
		{"--rate", []string{"orders", "submit", orders, "--rate", "NaN"}},
		{"no such file", []string{"orders", "submit", filepath.Join(dir, "missing")}},
		{"it is a folder", []string{"products", "load", dir}},
		{"--http", []string{"up", "--data", dir, "--http", "nonsense"}},
		{"port \"70000\"", []string{"up", "--data", dir, "--http", "127.0.0.1:70000"}},
		{"port \"http\"", []string{"up", "--data", dir, "--http", "127.0.0.1:http"}},
		{"--deadline", []string{"up", "--data", dir, "--deadline", "0s"}},
		{"--express-deadline", []string{"up", "--data", dir, "--express-deadline", "-1s"}},
		{"--priority", []string{"orders", "submit", orders, "--priority", "urgent"}},
		{"--redrive-max", []string{"up", "--data", dir, "--redrive-max", "1ms"}},
		{"--replicas", []string{"cluster", "--replicas", "0"}},
		{"--for", []string{"cluster", "--for", "-1s"}},
		{"--http", []string{"cluster", "--http", "nonsense"}},
		{"--gateway-timeout", []string{"up", "--data", dir, "--gateway-timeout", "1m"}},
		{"--gateway-calls", []string{"up", "--data", dir, "--gateway-calls", "0"}},
		{"say what to set", []string{"gateway", "set"}},
		{"--outage", []string{"gateway", "set", "--outage", "-1s"}},
		{"--outage", []string{"gateway", "set", "--outage", "soon"}},
		{"--outage", []string{"gateway", "set", "--outage", "9999h"}},
		{"--latency", []string{"gateway", "set", "--latency", "200"}},
		{"--latency", []string{"gateway", "set", "--latency", "50ms±200ms"}},
		{"--lose-answers", []string{"gateway", "set", "--lose-answers", "101%"}},
		{"--lose-answers", []string{"gateway", "set", "--lose-answers", "NaN"}},
		{"--decline", []string{"gateway", "set", "--decline", "-5%"}},
		{"--log-level", []string{"up", "--data", dir, "--log-level", "loud"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			orderly(t, c.args...).wants(t, 2, "orderly: ", c.words)
		})
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := orderly(t, "version")
	r.wants(t, 0)
	if !strings.HasPrefix(r.stdout, "orderly ") {
		t.Errorf("got %q", r.stdout)
	}
	var build struct{ Version, Go string }
	decode(t, orderly(t, "version", "--output", "json"), &build)
	if build.Version == "" || build.Go == "" {
		t.Errorf("got %+v", build)
	}
}

func TestCommands_say_that_no_system_answers(t *testing.T) {
	t.Parallel()
	catalogue := write(t, "products.csv", header+"A,One,GBP,100,5\n")
	url := "http://" + freeAddress(t)
	for _, args := range [][]string{
		{"orders", "list"},
		{"orders", "get", "01890a5d-ac96-774b-bcce-b302099a8057"},
		{"products", "list"},
		{"gateway", "show"},
		{"gateway", "reset"},
		{"gateway", "set", "--outage", "30s"},
		{"products", "load", catalogue},
		{"orders", "submit", catalogue},
		{"verify"},
	} {
		orderly(t, append(args, "--url", url)...).wants(t, 1, "no system answers at "+url, "orderly up")
	}
}

func TestUp_refuses_a_directory_that_it_cannot_use(t *testing.T) {
	t.Parallel()
	file := write(t, "file", "not a folder")
	orderly(t, "up", "--http", "127.0.0.1:0", "--data", filepath.Join(file, "data")).wants(t, 1, file, "not a directory")

	corrupt := t.TempDir()
	if err := os.WriteFile(filepath.Join(corrupt, "order.db"), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	orderly(t, "up", "--http", "127.0.0.1:0", "--data", corrupt).wants(t, 1, "order.db", "restore it from a backup")
}

func TestUp_refuses_a_busy_address(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	orderly(t, "up", "--http", address, "--data", t.TempDir()).wants(t, 1, address+" is in use", "--http")
}
