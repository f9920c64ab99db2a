package daemon

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestContainerMemory_reads_either_control_group(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{
		"":                         "",
		"sys/fs/cgroup/memory.max": "max\n",
	} {
		if got := containerMemory(groups(t, file, text)); got != math.MaxInt64 {
			t.Errorf("%s with %q: %d, want no limit", file, text, got)
		}
	}
	for _, file := range []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if got := containerMemory(groups(t, file, "67108864\n")); got != 64<<20 {
			t.Errorf("%s: %d, want 64 MiB", file, got)
		}
	}
}

// groups is a file system with one file.
func groups(t *testing.T, file, text string) (root string) {
	t.Helper()
	root = t.TempDir() + "/"
	if file == "" {
		return root
	}
	if err := os.MkdirAll(filepath.Dir(root+file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestEnough_says_what_to_do(t *testing.T) {
	if err := enough(32<<20, 64<<20); err == nil || !strings.Contains(err.Error(), "may use 32 MiB of memory, and 64 MiB are needed: raise its limit") {
		t.Errorf("a small container: %v", err)
	}
	if err := enough(64<<20, 64<<20); err != nil {
		t.Errorf("a container that will do: %v", err)
	}
	t.Setenv("GOMEMLIMIT", "512MiB")
	before := debug.SetMemoryLimit(512 << 20)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	if err := enough(256<<20, 64<<20); err == nil || !strings.Contains(err.Error(), "GOMEMLIMIT is 512 MiB, and this container may use 256 MiB") {
		t.Errorf("GOMEMLIMIT above the container's: %v", err)
	}
}
