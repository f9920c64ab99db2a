package daemon

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

const memoryLimit = 512 << 20

// TuneMemory trades memory for CPU: the heap may grow by gcPercent before the
// collector runs, until the process nears a limit: nine tenths of what its
// container may use, or half a gibibyte. GOGC and GOMEMLIMIT, where set, have the
// last word.
func TuneMemory(gcPercent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(min(memoryLimit, containerMemory("/")/10*9))
	}
}

// EnoughMemory refuses to work in a container that may use less than so many
// bytes, or less than GOMEMLIMIT promises: the kernel would kill the process in
// the middle of its work.
func EnoughMemory(least int64) error { return enough(containerMemory("/"), least) }

func enough(have, least int64) error {
	if have < least {
		return fmt.Errorf("this container may use %d MiB of memory, and %d MiB are needed: raise its limit", have>>20, least>>20)
	}
	if told := debug.SetMemoryLimit(-1); os.Getenv("GOMEMLIMIT") != "" && told > have {
		return fmt.Errorf("GOMEMLIMIT is %d MiB, and this container may use %d MiB of memory: set GOMEMLIMIT to nine tenths of its limit", told>>20, have>>20)
	}
	return nil
}

// containerMemory is the limit of the control group that a container sees as its
// own, or no limit.
func containerMemory(root string) int64 {
	for _, file := range []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(root + file)
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			return limit
		}
	}
	return math.MaxInt64
}
