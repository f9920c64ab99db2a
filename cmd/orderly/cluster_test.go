package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"orderly/internal/pgtest"
)

// clusterLimit is how long a cluster may take to start, or to stop.
const clusterLimit = 90 * time.Second

// TestCluster starts one, kills a service as somebody might who wants to see
// what happens, audits it through the front door and stops it with a signal.
func TestCluster(t *testing.T) {
	t.Parallel()
	pgtest.Need(t)
	temporary := temporaryFor(t)
	stderr := &log{}
	programs := clusterPrograms(t)
	cmd := exec.Command(program, "cluster", "--programs", programs, "--http", "127.0.0.1:0", "--replicas", "1", "--output", "json")
	cmd.Env, cmd.Stderr = append(environment(), "TMPDIR="+temporary), stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it may have ended long ago
	var shown struct {
		URL      string
		Replicas []struct {
			Name string
			Pid  int
		}
		NATS []struct{ URL string }
	}
	if err := json.NewDecoder(stdout).Decode(&shown); err != nil || len(shown.Replicas) != 3 || len(shown.NATS) != 3 {
		t.Fatalf("it showed %+v, %v: %s", shown, err, stderr)
	}
	dirs, err := filepath.Glob(filepath.Join(temporary, "*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("its directory is one of %v, %v", dirs, err)
	}
	orderly(t, "cluster", "--programs", programs, "--data", dirs[0]).wants(t, 1, "in use by another process")
	if err := syscall.Kill(shown.Replicas[0].Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return strings.Contains(stderr.String(), shown.Replicas[0].Name+" is ready again") }, stderr)
	orderly(t, "verify", "--url", shown.URL).wants(t, 0)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, stderr)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("it left %v behind (%v)", left, err)
	}
}

func TestCluster_says_what_is_missing(t *testing.T) {
	t.Parallel()
	orderly(t, "cluster").wants(t, 1, "is not in", "make cluster")
}

// await waits until it is so.
func await(t *testing.T, so func() bool, said *log) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(clusterLimit)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not after %s: %s", clusterLimit, said)
		}
	}
}

func clusterPrograms(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(os.PathSeparator),
		"orderly/cmd/order-service", "orderly/cmd/inventory-service", "orderly/cmd/payment-service", "github.com/nats-io/nats-server/v2").CombinedOutput()
	if err != nil {
		t.Fatalf("build the services: %v\n%s", err, out)
	}
	return dir
}

// temporaryFor is a directory that PostgreSQL's account can pass through, which
// those of testing are not where the test runs as root.
func temporaryFor(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "orderly-test-")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
