package engine

import (
	"math/rand/v2"
	"time"
)

// jittered spreads d over its upper half, so that many that failed together do
// not come back together.
func jittered(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}

// grow doubles d up to limit for each attempt after the first.
func grow(d time.Duration, attempt int, limit time.Duration) time.Duration {
	for ; attempt > 1 && d < limit; attempt-- {
		d *= 2
	}
	return min(d, limit)
}
