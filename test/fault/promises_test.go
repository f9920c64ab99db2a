package fault_test

import (
	"context"
	"errors"
	"time"

	"orderly/internal/shop"
	"orderly/internal/verify"
)

// finish waits until all is settled and checks that the promises hold.
func (r *rig) finish() {
	r.t.Helper()
	r.works()
	placed, failed := r.load.stop()
	if len(failed) > 0 {
		r.t.Errorf("%d orders were not accepted, the first: %v", len(failed), failed[0])
	}
	r.nobodyFell()
	r.allEnded(placed)
	r.oneOrderAKey(placed)
	r.audit()
}

// works waits until the system takes orders as before.
func (r *rig) works() {
	r.t.Helper()
	began, before := time.Now(), r.load.accepted()
	for r.load.accepted() < before+customers*enough {
		if time.Since(began) > endLimit {
			r.t.Errorf("only %d orders were accepted in %s after all was mended", r.load.accepted()-before, endLimit)
			return
		}
		r.sleep(50 * time.Millisecond)
	}
	r.t.Logf("took %d orders again %s after all was mended", customers*enough, time.Since(began).Round(time.Millisecond))
}

func (r *rig) nobodyFell() {
	r.t.Helper()
	for {
		select {
		case f := <-r.Failed():
			r.t.Error(f)
		default:
			return
		}
	}
}

// allEnded proves G1.
func (r *rig) allEnded(placed map[string]string) {
	r.t.Helper()
	ids := make([]string, 0, len(placed))
	for _, id := range placed {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeoutCause(r.t.Context(), endLimit, errors.New("they did not end in time"))
	defer cancel()
	began := time.Now()
	o, err := shop.Await(ctx, r.shop, ids, shop.AwaitOptions{})
	if err != nil {
		r.tellOpen()
		r.t.Fatalf("G1: of %d orders accepted only %d ended: %v", len(ids), o.Orders, err)
	}
	r.t.Logf("%d orders: %d confirmed, cancelled %v; p50 %s, the slowest %s; the last ended %s after the load",
		o.Orders, o.Confirmed, o.Cancelled, o.Took(0.5).Round(time.Millisecond), o.Took(1).Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	if o.Confirmed == 0 {
		r.t.Error("the load was too small to try anything out")
	}
}

// oneOrderAKey proves G4.
func (r *rig) oneOrderAKey(placed map[string]string) {
	r.t.Helper()
	known := make(map[string]bool)
	for _, id := range placed {
		known[id] = true
	}
	if len(known) != len(placed) {
		r.t.Errorf("G4: %d keys were given %d orders", len(placed), len(known))
	}
	there := 0
	for o, err := range r.shop.Orders(r.t.Context(), "", "") {
		r.must(err)
		if there++; !known[o.OrderID] {
			r.t.Errorf("G4: order %s belongs to no key: a repeated request made a second one", o.OrderID)
		}
	}
	if there != len(known) {
		r.t.Errorf("G1: %d orders are listed, %d were accepted", there, len(known))
	}
}

// audit proves G1 to G5, and that no order stays open.
func (r *rig) audit() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*endLimit)
	defer cancel()
	report, err := verify.Run(ctx, verify.Options{URL: r.URL(), Wait: endLimit, Confirm: confirm})
	if err != nil {
		r.t.Fatalf("the audit could not be finished: %v", err)
	}
	for _, f := range report.Findings {
		r.t.Errorf("audit: %s", f)
	}
	if !report.Clean() || report.Open > 0 {
		r.t.Errorf("audit: %d findings, %d open of %d orders", report.Faults, report.Open, report.Orders)
	}
}

// tellOpen logs which orders have not ended, and how far they have come.
func (r *rig) tellOpen() {
	for _, status := range []string{"pending", "reserved"} {
		for o, err := range r.shop.Orders(r.t.Context(), status, "") {
			r.must(err)
			events, err := r.shop.Events(r.t.Context(), o.OrderID)
			r.must(err)
			r.t.Logf("order %s of %s is %s:", o.OrderID, o.CreatedAt, o.Status)
			for _, e := range events {
				r.t.Logf("  %s %s %s", e.Time, e.Name, e.ID)
			}
		}
	}
}
