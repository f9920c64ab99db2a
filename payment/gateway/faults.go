package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// The faults a call can meet. Both leave its outcome unknown to the caller: repeat it under the same key.
var (
	// ErrUnavailable is an outage: the call had no effect.
	ErrUnavailable = errors.New("payment gateway is unavailable")
	// ErrAnswerLost says that the call had its effect and the answer never arrived.
	ErrAnswerLost = errors.New("payment gateway's answer was lost")
)

// faults decides what happens to each call.
type faults struct {
	mu sync.Mutex
	// what follows is guarded by mu.
	settings Settings
	version  int64 // of the settings in the ledger; 0 for those of the start
	random   *rand.Rand
	asked    time.Time // when the ledger was last asked for others
}

// fate is what was decided for one call before it began.
type fate struct {
	delay      time.Duration
	decline    bool
	answerLost bool
}

// newFaults starts with settings that hold until somebody sets others.
func newFaults(s Settings) (*faults, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("payment gateway settings: %w", err)
	}
	return &faults{settings: s, random: source(s)}, nil
}

func source(s Settings) *rand.Rand { return rand.New(rand.NewPCG(s.Seed, 0)) }

// adopt puts settings in force that are newer than those that are.
func (f *faults) adopt(s stored) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.version <= f.version {
		return
	}
	f.version, f.settings, f.random = s.version, s.settings, source(s.settings)
}

// due reports, to one caller, that it is time to ask the ledger again.
func (f *faults) due(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.asked) < refreshEvery {
		return false
	}
	f.asked = now
	return true
}

func (f *faults) current() Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.settings
}

// draw takes three numbers for every call, needed or not, so that changing one setting does not shift the
// luck of the others.
func (f *faults) draw() fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	jitter, decline, lost := f.random.Float64(), f.random.Float64(), f.random.Float64()
	return fate{
		delay:      f.settings.Latency + time.Duration(jitter*float64(f.settings.Jitter)),
		decline:    decline < f.settings.Decline,
		answerLost: lost < f.settings.LoseAnswers,
	}
}

// admit lets a call through after its latency. An error means that the call must have no effect.
func (f *faults) admit(ctx context.Context) (fate, error) {
	fate := f.draw()
	if err := wait(ctx, fate.delay); err != nil {
		return fate, err
	}
	if f.current().outageAt(time.Now()) {
		return fate, ErrUnavailable
	}
	return fate, nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
