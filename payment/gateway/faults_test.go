package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/sqldb"
)

func TestSimulated_LosesAnswers(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{LoseAnswers: 1})
		r := request("o-1", "pm_card_visa")
		for range 3 {
			if c, err := g.Charge(t.Context(), r); !errors.Is(err, gateway.ErrAnswerLost) || c != (payment.Charge{}) {
				t.Fatalf("charge answers %+v, error %v, want only ErrAnswerLost", c, err)
			}
		}
		if payment.Refused(gateway.ErrAnswerLost) {
			t.Error("a lost answer counts as a refusal")
		}
		wantCounts(t, g, gateway.Counts{Captured: 1})

		set(t, g, gateway.Settings{})
		c := charge(t, g, r)
		if c.Status != payment.ChargeCaptured {
			t.Errorf("repeated charge is %s, want it captured", c.Status)
		}
		refund := payment.RefundRequest{Key: "o-1:refund", OrderID: "o-1", ChargeID: c.ID, Currency: "EUR", AmountMinor: 4999}
		set(t, g, gateway.Settings{LoseAnswers: 1})
		if _, err := g.Refund(t.Context(), refund); !errors.Is(err, gateway.ErrAnswerLost) {
			t.Errorf("refund: error is %v, want ErrAnswerLost", err)
		}
		if _, err := g.Void(t.Context(), payment.VoidRequest{Key: "o-2", OrderID: "o-2"}); !errors.Is(err, gateway.ErrAnswerLost) {
			t.Errorf("void: error is %v, want ErrAnswerLost", err)
		}
		if _, _, err := g.FindByOrder(t.Context(), "o-1"); !errors.Is(err, gateway.ErrAnswerLost) {
			t.Errorf("find: error is %v, want ErrAnswerLost", err)
		}
		set(t, g, gateway.Settings{})
		if _, err := g.Refund(t.Context(), refund); err != nil {
			t.Errorf("repeated refund: %v", err)
		}
		wantCounts(t, g, gateway.Counts{Captured: 1, Voided: 1, Refunds: 1})
	})
}

func TestSimulated_Outage(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]gateway.Settings{
		"switched on": {Outage: true},
		"until later": {OutageUntil: time.Now().Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := start(t, engines[0].open(t), outage)
			_, chargeErr := g.Charge(t.Context(), request("o-1", "pm_card_visa"))
			_, voidErr := g.Void(t.Context(), payment.VoidRequest{Key: "o-1", OrderID: "o-1"})
			_, refundErr := g.Refund(t.Context(), payment.RefundRequest{Key: "k", OrderID: "o-1", ChargeID: "c", Currency: "EUR"})
			_, _, findErr := g.FindByOrder(t.Context(), "o-1")
			for call, err := range map[string]error{"charge": chargeErr, "void": voidErr, "refund": refundErr, "find": findErr} {
				if !errors.Is(err, gateway.ErrUnavailable) || payment.Refused(err) {
					t.Errorf("%s: error is %v, want ErrUnavailable", call, err)
				}
			}
			wantCounts(t, g, gateway.Counts{})
			set(t, g, gateway.Settings{OutageUntil: time.Now().Add(-time.Second)})
			if c := charge(t, g, request("o-1", "pm_card_visa")); c.Status != payment.ChargeCaptured {
				t.Errorf("after the outage, charge is %s, want it captured", c.Status)
			}
		})
	}
}

func TestSimulated_Latency(t *testing.T) {
	t.Parallel()
	db := engines[0].open(t)
	g := start(t, db, gateway.Settings{Latency: time.Minute, Jitter: 10 * time.Second})
	synctest.Test(t, func(t *testing.T) {
		for i := range 20 {
			began := time.Now()
			charge(t, g, request(fmt.Sprintf("o-%d", i), "pm_card_visa"))
			if took := time.Since(began); took < time.Minute || took > 70*time.Second {
				t.Errorf("charge took %v, want 60s to 70s", took)
			}
		}
	})
}

func TestSimulated_CancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	g := start(t, engines[0].open(t), gateway.Settings{Latency: time.Minute})
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Charge(ctx, request("o-1", "pm_card_visa")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("charge: error is %v, want the context's", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("charge gave up after %v, want 1s", took)
		}
	})
	wantCounts(t, g, gateway.Counts{})
}

func TestSimulated_CancelledBefore(t *testing.T) {
	t.Parallel()
	g := start(t, engines[0].open(t), gateway.Settings{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Charge(ctx, request("o-1", "pm_card_visa")); !errors.Is(err, context.Canceled) {
		t.Errorf("charge: error is %v, want the context's", err)
	}
	wantCounts(t, g, gateway.Counts{})
}

func TestSimulated_OutageMeetsWaitingCalls(t *testing.T) {
	t.Parallel()
	g := start(t, engines[0].open(t), gateway.Settings{Latency: time.Minute})
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error)
		go func() {
			_, err := g.Charge(t.Context(), request("o-1", "pm_card_visa"))
			failed <- err
		}()
		synctest.Wait()
		set(t, g, gateway.Settings{Outage: true})
		if err := <-failed; !errors.Is(err, gateway.ErrUnavailable) {
			t.Errorf("charge: error is %v, want ErrUnavailable", err)
		}
	})
	wantCounts(t, g, gateway.Counts{})
}

func TestSimulated_SameSeedSameFaults(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) []string {
		g := start(t, engines[0].open(t), gateway.Settings{Seed: seed, LoseAnswers: 0.3, Decline: 0.3})
		var story []string
		for i := range 60 {
			c, err := g.Charge(t.Context(), request(fmt.Sprintf("o-%d", i), "pm_card_visa"))
			story = append(story, fmt.Sprint(c.Status, c.Code, err))
		}
		return story
	}
	first := play(7)
	if again := play(7); !slices.Equal(first, again) {
		t.Errorf("seed 7 told two stories:\n%q\n%q", first, again)
	}
	if other := play(8); slices.Equal(first, other) {
		t.Error("seeds 7 and 8 told the same story")
	}
	for _, status := range []string{"captured", "declinedcard_declined<nil>"} {
		if !slices.ContainsFunc(first, func(s string) bool { return len(s) >= len(status) && s[:len(status)] == status }) {
			t.Errorf("no charge of 60 was %s: %q", status, first)
		}
	}
}

func TestSettings_Validate(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]gateway.Settings{
		"negative latency":      {Latency: -1},
		"latency too long":      {Latency: time.Hour + 1},
		"negative jitter":       {Jitter: -1},
		"jitter too long":       {Jitter: math.MaxInt64},
		"negative lost answers": {LoseAnswers: -0.1},
		"too many lost answers": {LoseAnswers: 1.1},
		"lost answers NaN":      {LoseAnswers: math.NaN()},
		"negative declines":     {Decline: -0.1},
		"too many declines":     {Decline: 1.1},
		"declines NaN":          {Decline: math.NaN()},
		"negative retention":    {KeyRetention: -1},
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%s: settings are valid", name)
		}
	}
	good := gateway.Settings{
		Latency: time.Hour, Jitter: time.Hour, LoseAnswers: 1, Decline: 1, Outage: true, KeyRetention: time.Hour,
	}
	for _, s := range []gateway.Settings{{}, good} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestSimulated_KeepsSettingsWhenNewOnesAreBad(t *testing.T) {
	t.Parallel()
	want := gateway.Settings{Decline: 0.5, KeyRetention: time.Hour}
	g := start(t, engines[0].open(t), want)
	if err := g.SetSettings(t.Context(), gateway.Settings{Decline: 2}); err == nil {
		t.Error("bad settings were taken")
	}
	if got, err := g.Settings(t.Context()); err != nil || got != want {
		t.Errorf("settings are %+v, want %+v", got, want)
	}
	set(t, g, gateway.Settings{})
	if d := g.KeyRetention(); d != gateway.DefaultKeyRetention {
		t.Errorf("key retention is %v, want the default", d)
	}
}
