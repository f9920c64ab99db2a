package crash

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/payment"
	"orderly/pkg/event"
)

// judge holds the order's end against the gateway's own ledger, and against what
// was said of it.
func (o *order) judge(ctx context.Context, ends []payment.State) error {
	p, err := o.state(ctx)
	if err != nil {
		return err
	}
	var faults []error
	if !slices.Contains(ends, p.State) {
		faults = append(faults, fmt.Errorf("the payment ended as %q, want one of %q", p.State, ends))
	}
	return errors.Join(append(faults, o.judgeMoney(ctx, p), o.judgeEvents(ctx, p), o.judgeFailures(ctx))...)
}

// judgeMoney is G2.
func (o *order) judgeMoney(ctx context.Context, p payment.Payment) error {
	entries, err := o.ledger.OrderLedger(ctx, o.id)
	if err != nil {
		return err
	}
	var captures int
	var captured, refunded int64
	for _, e := range entries {
		if e.Status == payment.ChargeCaptured {
			captures++
			captured += e.AmountMinor
			refunded += e.RefundedMinor
		}
	}
	switch {
	case captures > 1:
		return fmt.Errorf("captured %d times", captures)
	case p.State == payment.Captured && (captured != total || refunded != 0):
		return fmt.Errorf("is captured, the gateway has %d captured and %d refunded", captured, refunded)
	case p.State != payment.Captured && captured != refunded:
		return fmt.Errorf("is %s, the gateway has %d captured and %d refunded", p.State, captured, refunded)
	}
	return nil
}

// judgeEvents is G5: one answer of each kind, however often it was given, and those
// that the state stands for.
func (o *order) judgeEvents(ctx context.Context, p payment.Payment) error {
	said := map[string]map[string]bool{} // ids by name
	stream, err := o.js.Stream(ctx, "PAYMENTS")
	if err != nil {
		return err
	}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		raw, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		opened, err := o.registry.Open(event.Message{Subject: raw.Subject, Header: raw.Header, Data: raw.Data})
		if err != nil {
			return err
		}
		for _, r := range opened {
			if r.Event.Subject != o.id {
				continue
			}
			if said[r.Event.Name] == nil {
				said[r.Event.Name] = map[string]bool{}
			}
			said[r.Event.Name][r.Event.ID] = true
		}
	}
	for name, ids := range said {
		if len(ids) > 1 {
			return fmt.Errorf("%d different events %s were published", len(ids), name)
		}
	}
	captured, failed, refunded := said[events.NamePaymentCaptured] != nil, said[events.NamePaymentFailed] != nil, said[events.NamePaymentRefunded] != nil
	wrong := captured && failed
	switch p.State {
	case payment.Captured:
		wrong = wrong || !captured || refunded
	case payment.Refunded, payment.Dead:
		wrong = wrong || !refunded
	case payment.Failed:
		wrong = wrong || !failed && !refunded || captured
	}
	if wrong {
		return fmt.Errorf("is %s, and captured %t, failed %t, refunded %t were published", p.State, captured, failed, refunded)
	}
	return nil
}

// judgeFailures: none of it is anybody's fault.
func (o *order) judgeFailures(ctx context.Context) error {
	var attempts, letters int
	err := o.db.Reader().QueryRowContext(ctx, "SELECT (SELECT count(*) FROM engine_attempts), (SELECT count(*) FROM engine_dead_letters)").Scan(&attempts, &letters)
	if err == nil && attempts+letters > 0 {
		err = fmt.Errorf("%d attempts were counted and %d dead letters made", attempts, letters)
	}
	return err
}
