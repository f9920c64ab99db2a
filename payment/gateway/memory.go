package gateway

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"orderly/payment"
)

// memoryLedger is a ledger that ends with its process.
type memoryLedger struct {
	mu      sync.Mutex          // guards what follows
	held    map[string]charge   // the latest by key
	orders  map[string][]charge // all by order, the oldest first
	refunds refundBook          // all there ever were
	total   Counts
	set     stored
}

func newMemoryLedger() *memoryLedger {
	return &memoryLedger{
		held:   map[string]charge{},
		orders: map[string][]charge{},
		refunds: refundBook{
			charges:  map[chargeName]charge{},
			refunded: map[chargeName]int64{},
			held:     map[string]refund{},
		},
	}
}

func (l *memoryLedger) charge(_ context.Context, ops []*chargeOp, retention time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	added, err := decideCharges(ops, l.held, clock(), retention)
	for _, c := range added {
		l.orders[c.OrderID] = append(l.orders[c.OrderID], c)
		l.refunds.charges[chargeName{c.OrderID, c.ID}] = c
		l.total.add(c)
	}
	return err
}

func (l *memoryLedger) refund(_ context.Context, ops []*refundOp, retention time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.refunds.decide(ops, clock(), retention)
	l.total.Refunds += int64(len(l.refunds.added))
	l.refunds.added = nil
	return err
}

// entries copies the entries first: fn may take its time.
func (l *memoryLedger) entries(_ context.Context, orderID string, fn func(Entry) error) error {
	for _, e := range l.snapshot(orderID) {
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

func (l *memoryLedger) snapshot(orderID string) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Entry
	add := func(order []charge) {
		for _, c := range order {
			all = append(all, l.entry(c))
		}
	}
	if orderID != "" {
		add(l.orders[orderID])
		return all
	}
	for _, order := range l.orders {
		add(order)
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Compare(a.OrderID, b.OrderID) })
	return all
}

func (l *memoryLedger) entry(c charge) Entry {
	return Entry{
		OrderID: c.OrderID, Key: c.key, ChargeID: c.ID, Status: c.Status, Code: c.Code, Currency: c.Currency,
		AmountMinor: c.AmountMinor, RefundedMinor: l.refunds.refunded[chargeName{c.OrderID, c.ID}],
		Method: c.method, At: c.at,
	}
}

func (l *memoryLedger) counts(context.Context) (Counts, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total, nil
}

func (l *memoryLedger) kept(context.Context) (stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.set, nil
}

func (l *memoryLedger) keep(_ context.Context, settings Settings) (stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set = stored{l.set.version + 1, settings}
	return l.set, nil
}

func (n *Counts) add(c charge) {
	switch c.Status {
	case payment.ChargeCaptured:
		n.Captured++
	case payment.ChargeDeclined:
		n.Declined++
	case payment.ChargeVoided:
		n.Voided++
	}
}

// clock is as fine as a database's.
func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
