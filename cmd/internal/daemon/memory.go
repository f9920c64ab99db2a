package daemon

import (
	"os"
	"runtime/debug"
)

const (
	gcPercent   = 400
	memoryLimit = 512 << 20
)

// TuneMemory trades memory for CPU: the collector runs a fifth as often as by
// default, until the process nears a limit. GOGC and GOMEMLIMIT, where set,
// have the last word.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
