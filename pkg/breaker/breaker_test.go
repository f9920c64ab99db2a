package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"orderly/pkg/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errAway    = errors.New("nobody answers")
	errRefused = errors.New("no such card")
)

func worksDespite(err error) bool { return err == nil || errors.Is(err, errRefused) }

// rig is a breaker in a bubble of its own time.
type rig struct {
	*testing.T
	*breaker.Breaker
}

func inBubble(t *testing.T, cfg breaker.Config, test func(r rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, err := breaker.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		test(rig{t, b})
	})
}

// call makes a call that ends at once, which must not have to wait.
func (r rig) call(err error) {
	r.Helper()
	began := time.Now()
	leave, failed := r.Enter(r.Context())
	if failed != nil || !time.Now().Equal(began) {
		r.Fatalf("a call had to wait %v: %v", time.Since(began), failed)
	}
	leave(err)
}

func (r rig) open() {
	r.Helper()
	for range 10 {
		r.call(errAway)
	}
	r.is(breaker.Open)
}

func (r rig) is(want breaker.State) {
	r.Helper()
	if s := r.Status(); s.State != want {
		r.Fatalf("it is %+v, want it %s", s, want)
	}
}

// crowd is calls that came while the breaker was open.
type crowd struct {
	entered chan func(error)
	cancel  context.CancelFunc
}

func (r rig) crowd(n int) crowd {
	ctx, cancel := context.WithCancel(r.Context())
	c := crowd{entered: make(chan func(error), n), cancel: cancel}
	for range n {
		go func() {
			if leave, err := r.Enter(ctx); err == nil {
				c.entered <- leave
			}
		}()
	}
	synctest.Wait()
	return c
}

// after lets time pass and returns the calls that were let through until then.
func (c crowd) after(d time.Duration) []func(error) {
	time.Sleep(d)
	synctest.Wait()
	var out []func(error)
	for range len(c.entered) {
		out = append(out, <-c.entered)
	}
	return out
}

func TestOnlyFailuresInARowOpenIt(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{Works: worksDespite}, func(r rig) {
		for _, pardon := range []error{nil, fmt.Errorf("call: %w", errRefused)} {
			for range 9 {
				r.call(errAway)
			}
			r.call(pardon)
			r.is(breaker.Closed)
		}
		for range 9 {
			r.call(errAway)
			r.call(context.Canceled) // says nothing either way
		}
		r.is(breaker.Closed)
		r.call(fmt.Errorf("charge: %w", errAway))
		s := r.Status()
		if s.State != breaker.Open || s.Reason != "charge: nobody answers" || !s.NextProbe.Equal(time.Now().Add(time.Second)) || s.Opened != 1 {
			r.Errorf("it is %+v, want it open with its reason and the next probe in a second", s)
		}
		if s.Failed != 28 || s.Succeeded != 2 {
			r.Errorf("%d calls failed and %d succeeded, want 28 and 2", s.Failed, s.Succeeded)
		}
	})
}

// While it is open nobody gets through; then three do, and no more, until all of
// them have answered.
func TestFewProbeAndTheOthersWait(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		r.open()
		c := r.crowd(500)
		defer c.cancel()
		if got := c.after(999 * time.Millisecond); len(got) > 0 {
			r.Fatalf("%d calls were made while it was open", len(got))
		}
		for round := range 30 { // an outage
			probes := c.after(2 * time.Millisecond)
			if len(probes) != 3 {
				r.Fatalf("round %d: %d probes, want 3", round, len(probes))
			}
			r.is(breaker.HalfOpen)
			if more := c.after(10 * time.Second); len(more) > 0 {
				r.Fatalf("round %d: %d more calls while the probes are under way", round, len(more))
			}
			for _, leave := range probes {
				leave(errAway)
			}
			s := r.Status()
			if s.State != breaker.Open || s.Waiting != 500-3*(round+1) || !s.NextProbe.Equal(time.Now().Add(time.Second)) {
				r.Fatalf("round %d: it is %+v, want it open", round, s)
			}
			if early := c.after(999 * time.Millisecond); len(early) > 0 {
				r.Fatalf("round %d: %d calls came before the next probe", round, len(early))
			}
		}
	})
}

// After the probes have succeeded, the others come back within a second, and
// never many at once.
func TestItClosesWithoutAHerd(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		r.open()
		c := r.crowd(500)
		probes := c.after(1002 * time.Millisecond)
		for i, leave := range probes {
			if i > 0 {
				r.is(breaker.HalfOpen)
			}
			leave(nil)
		}
		r.is(breaker.Closed)
		if s := r.Status(); s.Reason != "" || !s.NextProbe.IsZero() {
			r.Errorf("it is %+v, want nothing left of the outage", s)
		}
		all := 0
		for range 10 {
			n := len(c.after(100 * time.Millisecond))
			if n > 100 {
				r.Errorf("%d calls came back within a tenth of the time", n)
			}
			all += n
		}
		if all != 497 {
			r.Errorf("%d calls came back, want 497", all)
		}
	})
}

// If the other side is away again before they are all back, the rest waits.
func TestItOpensAgainOnTheWayBack(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		r.open()
		c := r.crowd(500)
		defer c.cancel()
		for _, leave := range c.after(1002 * time.Millisecond) {
			leave(nil)
		}
		back := c.after(500 * time.Millisecond)
		for _, leave := range back {
			leave(errAway)
		}
		r.is(breaker.Open)
		if more := c.after(900 * time.Millisecond); len(more) > 0 {
			r.Errorf("%d calls were made while it was open again", len(more))
		}
		if s := r.Status(); s.Waiting != 500-3-len(back) {
			r.Errorf("%d wait, want the %d others", s.Waiting, 500-3-len(back))
		}
	})
}

// A call that was under way when it opened says nothing about the time after.
func TestALateAnswerDoesNotCloseIt(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		var late []func(error)
		for range 5 {
			leave, _ := r.Enter(r.Context())
			late = append(late, leave)
		}
		r.open()
		time.Sleep(1002 * time.Millisecond)
		for _, leave := range late {
			leave(nil)
		}
		r.is(breaker.HalfOpen)
	})
}

// Whoever comes at the instant of the probe, or is alone, is not forgotten.
func TestOneAloneProbesUntilItCloses(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		r.open()
		time.Sleep(time.Second)
		c := r.crowd(1)
		for _, leave := range c.after(2 * time.Millisecond) {
			leave(context.Canceled)
		}
		for range 3 {
			r.is(breaker.HalfOpen)
			r.call(nil)
		}
		r.is(breaker.Closed)
	})
}

// What takes in work stops while it is open, and brings the probe if nobody else
// can.
func TestRoom(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		n, changed := r.Room()
		if n != math.MaxInt {
			r.Errorf("room for %d while it is closed", n)
		}
		r.open()
		<-changed
		n, changed = r.Room()
		if n != 0 {
			r.Errorf("room for %d while it is open", n)
		}
		<-changed // the probe's time
		n, changed = r.Room()
		if n != 1 {
			r.Errorf("room for %d while nobody probes", n)
		}
		leave, _ := r.Enter(r.Context())
		leave(errAway)
		<-changed
		c := r.crowd(5)
		probes := c.after(1002 * time.Millisecond)
		if n, changed = r.Room(); n != 0 {
			r.Errorf("room for %d while two wait for the probes", n)
		}
		for _, leave := range probes {
			leave(nil)
		}
		<-changed
		if n, _ = r.Room(); n != math.MaxInt {
			r.Errorf("room for %d while it is closed", n)
		}
		c.after(time.Second)
	})
}

func TestEnterEndsWithItsContext(t *testing.T) {
	t.Parallel()
	inBubble(t, breaker.Config{}, func(r rig) {
		r.open()
		ctx, cancel := context.WithTimeout(r.Context(), time.Millisecond)
		defer cancel()
		if _, err := r.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			r.Errorf("error is %v", err)
		}
	})
}

func TestNoBreakerLetsEverythingThrough(t *testing.T) {
	t.Parallel()
	var none *breaker.Breaker
	for range 100 {
		leave, err := none.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave(errAway)
	}
	if n, _ := none.Room(); n != math.MaxInt || none.Status().State != breaker.Closed {
		t.Errorf("room for %d, %+v", n, none.Status())
	}
}

func TestNewRefusesWhatIsNegative(t *testing.T) {
	t.Parallel()
	for _, cfg := range []breaker.Config{{Failures: -1}, {Pause: -1}, {Probes: -1}, {Spread: -1}} {
		if _, err := breaker.New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
