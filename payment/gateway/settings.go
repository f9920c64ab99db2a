package gateway

import (
	"fmt"
	"time"
)

const (
	// DefaultKeyRetention is how long keys are remembered unless Settings say otherwise.
	DefaultKeyRetention = 24 * time.Hour

	maxDelay = time.Hour
)

// Settings say how the simulated provider behaves. The zero value is a provider without faults that answers
// at once and remembers keys for DefaultKeyRetention.
type Settings struct {
	// Latency passes before a call has its effect; up to Jitter, evenly spread, is added to it. Each is at
	// most an hour.
	Latency time.Duration
	Jitter  time.Duration

	// Outage makes every call fail with ErrUnavailable and without effect, until it is set back.
	Outage bool
	// OutageUntil does the same until that time. The zero value is no outage.
	OutageUntil time.Time

	// LoseAnswers is the share of calls, 0 to 1, that have their effect and then fail with ErrAnswerLost.
	LoseAnswers float64
	// Decline is the share of charges, 0 to 1, that are declined whatever their payment method.
	Decline float64

	// Seed starts the random source that all shares and the jitter are drawn from: the same calls one after
	// another meet the same faults.
	Seed uint64

	// KeyRetention is how long a key is remembered after its first use; 0 means DefaultKeyRetention. A call
	// repeated under a forgotten key has its effect once more. Voided keys are never forgotten.
	KeyRetention time.Duration
}

// Validate reports the first setting that is out of its range.
func (s Settings) Validate() error {
	if err := checkDelay("latency", s.Latency); err != nil {
		return err
	}
	if err := checkDelay("jitter", s.Jitter); err != nil {
		return err
	}
	if err := checkShare("lose answers", s.LoseAnswers); err != nil {
		return err
	}
	if err := checkShare("decline", s.Decline); err != nil {
		return err
	}
	if s.KeyRetention < 0 {
		return fmt.Errorf("key retention: %v is negative", s.KeyRetention)
	}
	return nil
}

func (s Settings) keyRetention() time.Duration {
	if s.KeyRetention == 0 {
		return DefaultKeyRetention
	}
	return s.KeyRetention
}

func (s Settings) outageAt(now time.Time) bool {
	return s.Outage || now.Before(s.OutageUntil)
}

func checkDelay(name string, d time.Duration) error {
	if d < 0 || d > maxDelay {
		return fmt.Errorf("%s: %v is not between 0 and %v", name, d, maxDelay)
	}
	return nil
}

// checkShare is written so that NaN fails it.
func checkShare(name string, p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("%s: %v is not between 0 and 1", name, p)
	}
	return nil
}
