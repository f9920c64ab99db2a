package fault_test

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// plan decides what breaks and when. The same seed makes the same plan.
type plan struct{ *rand.Rand }

// newPlan returns the plan of a scenario.
func newPlan(seed uint64, scenario string) plan {
	name := fnv.New64a()
	_, _ = name.Write([]byte(scenario)) // never fails
	return plan{rand.New(rand.NewPCG(seed, name.Sum64()))}
}

// seed is ORDERLY_FAULT_SEED, or new. It is printed.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64() >> 32 // short enough to type
	if text := os.Getenv("ORDERLY_FAULT_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("ORDERLY_FAULT_SEED: %v", err)
		}
	}
	t.Logf("ORDERLY_FAULT_SEED=%d", s)
	return s
}

// between returns a time from least to most.
func (p plan) between(least, most time.Duration) time.Duration {
	return least + time.Duration(p.Int64N(int64(most-least)+1))
}

// pick returns one of them.
func pick[T any](p plan, of []T) T { return of[p.IntN(len(of))] }
