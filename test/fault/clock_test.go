package fault_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/internal/cluster"
)

// A process cannot be given a clock of its own: Linux has no namespace for the
// time of day, and a static Go program calls no library that could be replaced.
// So the programs are built from the same source on a standard library whose
// time.Now adds what a file says. As with a real jump, the monotonic clock, and
// so every timer, goes on.

// clockVariable names the file with the seconds that are added.
const clockVariable = "FAULT_CLOCK_FILE"

// movableNow replaces the head of time.Now.
const movableNow = `func Now() Time {
	sec, nsec, mono := runtimeNow()
	sec += clockJump.Load()
`

// followClock reads the file all the time.
const followClock = `
var clockJump atomic.Int64

func init() {
	name, ok := syscall.Getenv("` + clockVariable + `")
	if !ok {
		return
	}
	go func() {
		for ; ; Sleep(50 * Millisecond) {
			clockJump.Store(readClockJump(name))
		}
	}()
}

func readClockJump(name string) (jump int64) {
	f, err := syscall.Open(name, syscall.O_RDONLY, 0)
	if err != nil {
		return 0
	}
	defer syscall.Close(f)
	var buf [32]byte
	n, _ := syscall.Read(f, buf[:])
	sign := int64(1)
	for i := 0; i < n; i++ {
		switch c := buf[i]; {
		case c == '-':
			sign = -1
		case c >= '0' && c <= '9':
			jump = jump*10 + int64(c-'0')
		}
	}
	return sign * jump
}
`

// movableClocks builds the programs, each replica with a clock of its own.
func movableClocks(t *testing.T, cfg *cluster.Config) {
	dir := filepath.Join(programs, "clock")
	clockPrograms.Do(func() {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := build(dir, "-overlay", clockOverlay(t)); err != nil {
			t.Fatal(err)
		}
	})
	cfg.Programs = dir
	cfg.Settings = func(replica string) []string {
		return append(settings(), clockVariable+"="+clockFile(cfg.Dir, replica))
	}
}

// clockPrograms are built once, however often the scenario runs.
var clockPrograms sync.Once

func clockFile(dir, replica string) string { return filepath.Join(dir, replica+".clock") }

// clockOverlay is what to tell go build -overlay.
func clockOverlay(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	source := replaceOnce(t, string(text), "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n", movableNow)
	source = replaceOnce(t, source, "import (\n", "import (\n\t\"sync/atomic\"\n\t\"syscall\"\n") + followClock
	dir := t.TempDir()
	moved, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: moved}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{moved: []byte(source), overlay: list} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

func replaceOnce(t *testing.T, text, from, to string) string {
	t.Helper()
	if strings.Count(text, from) != 1 {
		t.Fatalf("this version of Go has another time.Now: %q is not there once", from)
	}
	return strings.Replace(text, from, to, 1)
}

const jumps = 6

// jumpClocks sets the clocks of replicas forward and back by up to ten minutes,
// and leaves one half an hour ahead for the rest of the test.
func jumpClocks(r *rig) {
	for range jumps {
		r.setClock(pick(r.plan, r.Replicas), r.plan.between(-10*time.Minute, 10*time.Minute))
		r.sleep(r.plan.between(500*time.Millisecond, 2*time.Second))
	}
	r.setClock(pick(r.plan, r.Of(cluster.Order)), 30*time.Minute)
}

func (r *rig) setClock(replica *cluster.Replica, by time.Duration) {
	r.t.Helper()
	r.t.Logf("the clock of %s jumps to %s", replica.Name, by)
	name := clockFile(r.Dir(), replica.Name)
	r.must(os.WriteFile(name+".new", fmt.Appendf(nil, "%d", int64(by/time.Second)), 0o600))
	r.must(os.Rename(name+".new", name))
}
