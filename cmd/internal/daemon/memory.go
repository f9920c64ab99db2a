package daemon

import (
	"os"
	"runtime/debug"
)

const memoryLimit = 512 << 20

// TuneMemory trades memory for CPU: the heap may grow by gcPercent before the
// collector runs, until the process nears a limit. GOGC and GOMEMLIMIT, where
// set, have the last word.
func TuneMemory(gcPercent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
