package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const asVictim = "PGTEST_VICTIM"

// The victim is this test binary in a process of its own. It starts a server,
// says where, and waits to be killed.
func TestVictim(t *testing.T) {
	if os.Getenv(asVictim) == "" {
		t.Skip("runs only as the victim of the next test")
	}
	DSN(t)
	fmt.Printf("server %d in %s\n", shared.server.process.Pid(), shared.server.Dir)
	select {}
}

func TestServer_dies_with_a_killed_test(t *testing.T) {
	t.Parallel()
	DSN(t) // skips where there is no PostgreSQL
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), asVictim+"=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	pid, dir := readPlace(t, bufio.NewScanner(out))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the server is not there: %v", err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()

	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for alive(pid) {
		select {
		case <-tick.C:
		case <-late:
			_ = syscall.Kill(pid, syscall.SIGQUIT)
			t.Fatal("the server outlived the test by 30 seconds")
		}
	}
}

func readPlace(t *testing.T, lines *bufio.Scanner) (pid int, dir string) {
	t.Helper()
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "server %d in %s", &pid, &dir); err == nil {
			return pid, dir
		}
	}
	t.Fatalf("the victim did not say where its server is: %v", lines.Err())
	return 0, ""
}

// alive is false for a process that has ended but that nobody waited for.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	status, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "stat"))
	return err != nil || !strings.Contains(string(status), ") Z ")
}
