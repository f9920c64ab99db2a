package engine_test

import (
	"flag"
	"os"
	"testing"

	"orderly/internal/pgtest"
)

// TestMain lets many tests run at a time: most of each is waiting, a second of it
// for the pull that is under way when an engine stops.
func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		live(dir)
		return
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	pgtest.Main(m)
}
