package engine_test

import (
	"flag"
	"testing"

	"orderly/internal/pgtest"
)

// TestMain lets many tests run at a time: most of each is waiting, a second of it
// for the pull that is under way when an engine stops.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	pgtest.Main(m)
}
