package verify

import (
	"context"
	"errors"
	"time"

	"orderly/events"
	"orderly/internal/audit"
)

// auditor makes one audit.
type auditor struct {
	Options
	source  Source
	began   time.Time
	waited  waited // orders that should have closed by now
	rules   []rule
	traces  *traces
	stock   stock
	report  Report
	lastKey string // the order of the key before
}

func newAuditor(o Options, w waited) *auditor {
	return &auditor{
		Options: o,
		source:  o.Source,
		began:   time.Now(),
		waited:  w,
		rules:   rules(),
		traces:  newTraces(),
		stock:   make(stock),
		report:  Report{Findings: []Finding{}},
	}
}

// feeds are the feeds that are merged by order.
type feeds struct {
	charges, payments, inventory, orders *feed
}

// run reads everything. See the package's comment for the order.
func (a *auditor) run(ctx context.Context) (err error) {
	if err := a.readEvents(ctx); err != nil {
		return err
	}
	var f feeds
	for _, open := range []struct {
		path string
		to   **feed
	}{
		{audit.PathCharges, &f.charges},
		{audit.PathPayments, &f.payments},
		{audit.PathInventory, &f.inventory},
		{audit.PathOrders, &f.orders},
	} {
		if *open.to, err = openFeed(ctx, a.source, open.path); err != nil {
			return err
		}
		defer (*open.to).close()
	}
	clocks := a.clocks(f)
	if err := a.merge(f, clocks); err != nil {
		return err
	}
	return a.remainder(f)
}

// clocks are the moments before which a row must have been left alone to count
// as settled, each by the clock of its own database.
type clocks struct {
	orders, payments time.Time
	overdue          time.Time // deadlines
	told             time.Time // payments whose credits the order has heard of
}

func (a *auditor) clocks(f feeds) clocks {
	ago := time.Since(a.began) + a.Grace
	return clocks{
		orders:   f.orders.head.At.Add(-ago),
		payments: f.payments.head.At.Add(-ago),
		overdue:  f.orders.head.At.Add(-a.Overdue),
		told:     f.payments.head.At.Add(-ago - a.Overdue),
	}
}

// merge goes through the feeds order by order.
func (a *auditor) merge(f feeds, clocks clocks) error {
	for {
		c := &chain{id: f.first()}
		if c.id == "" {
			return nil
		}
		err := errors.Join(
			f.orders.take(c.id, func(l audit.Line) { c.order = l.Order }),
			f.inventory.take(c.id, func(l audit.Line) { c.reservation = l.Reservation }),
			f.payments.take(c.id, func(l audit.Line) { c.payment = l.Payment }),
			f.charges.take(c.id, func(l audit.Line) { c.charges = append(c.charges, l.Charge) }),
		)
		if err != nil {
			return err
		}
		c.trace = a.traces.of(c.id)
		a.order(c, clocks)
	}
}

// first is the smallest order that a feed has come to, "" if all are through.
func (f feeds) first() string {
	id := ""
	for _, one := range []*feed{f.orders, f.inventory, f.payments, f.charges} {
		if one.order != "" && (id == "" || one.order < id) {
			id = one.order
		}
	}
	return id
}

// order judges one order.
func (a *auditor) order(c *chain, clocks clocks) {
	if c.order != nil {
		o := stored(c.order)
		closed, waitedFor := a.waited[c.id]
		c.waitedFor = waitedFor
		c.settled = o.Closed() && (closed || o.UpdatedAt.Before(clocks.orders))
		c.overdue = !o.Ended() && o.Deadline.Before(clocks.overdue)
		c.mustBeTold = a.traces.reaches(events.NameOrderCreated, o.CreatedAt.Add(-a.Grace))
		a.count(c)
	}
	c.paid = c.payment != nil && c.payment.UpdatedAt.Before(clocks.payments)
	c.paidLong = c.paid && c.payment.UpdatedAt.Before(clocks.told)
	if c.reservation != nil {
		a.stock.add(c.reservation)
	}
	a.report.Charges += len(c.charges)
	for _, f := range c.judge(a.rules) {
		a.find(c.id, f)
	}
}

func (a *auditor) count(c *chain) {
	a.report.Orders++
	switch {
	case !stored(c.order).Closed():
		a.report.Open++
	case !c.settled:
		a.report.Recent++
	case c.ended("confirmed"):
		a.report.Confirmed++
	default:
		a.report.Cancelled++
	}
}

func (a *auditor) find(order string, f fault) {
	a.add(Finding{Promise: f.promise, Rule: f.rule, OrderID: order, Detail: f.detail})
}

func (a *auditor) findProduct(product string, f fault) {
	a.add(Finding{Promise: f.promise, Rule: f.rule, ProductID: product, Detail: f.detail})
}

func (a *auditor) add(f Finding) {
	a.report.Faults++
	if len(a.report.Findings) < a.MaxFindings {
		a.report.Findings = append(a.report.Findings, f)
	}
}
