package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/test/bench/peers/result"
)

// printMachine says on what and how the figures were made.
func (b *bench) printMachine(ctx context.Context, w io.Writer) {
	fmt.Fprintf(w, "\n    $ make bench-system BENCH='%s'\n\n", commandLine(os.Args[1:]))
	fmt.Fprintf(w, "%s, %d cores, %s, %s; %s; PostgreSQL %s; %s; fsync of 8 KiB %s.\n\n",
		cpuModel(), runtime.NumCPU(), memory(), output(ctx, "uname", "-sr"), runtime.Version(),
		b.postgresVersion(ctx), output(ctx, b.bin("nats-server"), "--version"), fsyncTime(b.dir))
	fmt.Fprintf(w, "%d connections, orders of %d items, %g %% declined, open loops of %d s, hot: %s %% of orders with one product; all with GOGC=%d; Orderly's simulated gateway keeps its ledger in: %s.\n\n",
		b.connections, b.items, b.declined, b.seconds, hotPercent, b.gogc, b.ledger)
}

// commandLine quotes what has spaces.
func commandLine(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		if quoted[i] = a; strings.Contains(a, " ") {
			quoted[i] = `"` + a + `"`
		}
	}
	return strings.Join(quoted, " ")
}

func cpuModel() string { return procLine("/proc/cpuinfo", "model name") }

func memory() string {
	var kib int
	if _, err := fmt.Sscan(procLine("/proc/meminfo", "MemTotal"), &kib); err != nil {
		return "unknown memory"
	}
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

// procLine is what follows a name in a file of /proc.
func procLine(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func output(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func (b *bench) postgresVersion(ctx context.Context) string {
	versions, err := collect(ctx, b, query{"postgres", "SHOW server_version"}, pgx.RowTo[string])
	if err != nil {
		return "unknown"
	}
	return versions[0]
}

const fsyncs = 200

// fsyncTime is the median time of a small write that is on the disk, where the
// data of all lay.
func fsyncTime(dir string) string {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return "unknown"
	}
	defer f.Close() // the folder goes anyway
	var times []float64
	for range fsyncs {
		began := time.Now()
		if _, err := f.WriteAt(make([]byte, 8192), 0); err != nil {
			return "unknown"
		}
		if err := f.Sync(); err != nil {
			return "unknown"
		}
		times = append(times, float64(time.Since(began).Microseconds())/1000)
	}
	return fmt.Sprintf("%.2f ms", result.Median(times))
}
