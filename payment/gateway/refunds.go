package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"orderly/payment"
	"orderly/pkg/sqldb"
)

var refundColumns = []sqldb.Column{
	keyColumn, {Name: "generation", Type: sqldb.Int}, {Name: "id", Type: sqldb.Text},
	{Name: "charge_id", Type: sqldb.Text}, orderColumn, {Name: "currency", Type: sqldb.Text},
	{Name: "amount_minor", Type: sqldb.Int}, {Name: "created_at", Type: sqldb.Time},
}

const selectRefunds = `SELECT key, generation, id, charge_id, order_id, currency, amount_minor, created_at
	FROM gateway_refunds`

// refund is an entry of the ledger.
type refund struct {
	payment.Refund
	key        string
	generation int64
	at         time.Time
}

func (r refund) row() []any {
	return []any{r.key, r.generation, r.ID, r.ChargeID, r.OrderID, r.Currency, r.AmountMinor, r.at}
}

func scanRefund(s sqldb.Row) (refund, error) {
	var r refund
	err := s.Scan(&r.key, &r.generation, &r.ID, &r.ChargeID, &r.OrderID, &r.Currency, &r.AmountMinor,
		sqldb.ScanTime(&r.at))
	return r, err
}

// refundOp is one call to Refund and, once committed, its answer.
type refundOp struct {
	request payment.RefundRequest

	answer  payment.Refund
	refusal error
}

func (op *refundOp) entry(generation int64, now time.Time) (refund, error) {
	id, err := newID("re")
	if err != nil {
		return refund{}, err
	}
	r := refund{key: op.request.Key, generation: generation, at: now}
	r.ID, r.ChargeID, r.OrderID = id, op.request.ChargeID, op.request.OrderID
	r.Currency, r.AmountMinor = op.request.Currency, op.request.AmountMinor
	return r, nil
}

// settle answers op from the entry that its key has.
func (op *refundOp) settle(r refund) {
	op.answer, op.refusal = r.Refund, nil
	if !op.matches(r) {
		op.refuse(payment.ErrKeyReused)
	}
}

func (op *refundOp) refuse(err error) {
	op.answer, op.refusal = payment.Refund{}, err
}

func (op *refundOp) matches(r refund) bool {
	q := op.request
	return q.ChargeID == r.ChargeID && q.OrderID == r.OrderID && q.Currency == r.Currency && q.AmountMinor == r.AmountMinor
}

// check holds op against its charge, of which refunded was given back before.
func (op *refundOp) check(c charge, found bool, refunded int64) error {
	switch left := c.AmountMinor - refunded; {
	case !found:
		return fmt.Errorf("%w: %q", payment.ErrUnknownCharge, op.request.ChargeID)
	case c.Status != payment.ChargeCaptured:
		return fmt.Errorf("%w: it is %s", payment.ErrNotRefundable, c.Status)
	case c.Currency != op.request.Currency:
		return fmt.Errorf("%w: it is in %s, not in %s", payment.ErrNotRefundable, c.Currency, op.request.Currency)
	case op.request.AmountMinor > left:
		return fmt.Errorf("%w: %d is more than the %d left", payment.ErrNotRefundable, op.request.AmountMinor, left)
	}
	return nil
}

func (l sqlLedger) refund(ctx context.Context, ops []*refundOp, retention time.Duration) error {
	return l.inTx(ctx, func(tx *sqldb.Tx) error {
		book := l.openRefunds(tx, ops)
		now, err := tx.Now(ctx)
		if err != nil {
			return fmt.Errorf("read refunds: %w", err)
		}
		if err := book.decide(ops, now, retention); err != nil {
			return err
		}
		if err := l.insertRefunds(tx, book.added); err != nil {
			return fmt.Errorf("add refunds: %w", err)
		}
		return nil
	})
}

// refundBook is all that the refunds of one commit are decided on.
type refundBook struct {
	charges  map[chargeName]charge
	refunded map[chargeName]int64
	held     map[string]refund // the latest by key
	added    []refund
}

// chargeName is how refunds name their charge: both parts must fit.
type chargeName struct{ orderID, chargeID string }

func (b *refundBook) decide(ops []*refundOp, now time.Time, retention time.Duration) error {
	for _, op := range ops {
		if err := b.answer(op, now, retention); err != nil {
			return err
		}
	}
	return nil
}

func (b *refundBook) answer(op *refundOp, now time.Time, retention time.Duration) error {
	r, used := b.held[op.request.Key]
	if used && remembered(r.at, now, retention) {
		op.settle(r)
		return nil
	}
	name := chargeName{op.request.OrderID, op.request.ChargeID}
	c, found := b.charges[name]
	if err := op.check(c, found, b.refunded[name]); err != nil {
		op.refuse(err)
		return nil
	}
	r, err := op.entry(r.generation+1, now)
	if err != nil {
		return err
	}
	b.held[r.key] = r
	b.refunded[name] += r.AmountMinor
	b.added = append(b.added, r)
	op.settle(r)
	return nil
}

// openRefunds locks the charges first: another process must not give back the same money meanwhile.
func (l sqlLedger) openRefunds(tx *sqldb.Tx, ops []*refundOp) *refundBook {
	keys, orders := make([]string, len(ops)), make([]string, len(ops))
	for i, op := range ops {
		keys[i], orders[i] = op.request.Key, op.request.OrderID
	}
	b := &refundBook{
		charges:  map[chargeName]charge{},
		refunded: map[chargeName]int64{},
		held:     map[string]refund{},
	}
	l.selectIn(tx, selectCharges, orderColumn, orders, " ORDER BY key, generation"+l.db.Lock(), func(s sqldb.Row) error {
		c, err := scanCharge(s)
		b.charges[chargeName{c.OrderID, c.ID}] = c
		return err
	})
	l.selectIn(tx, selectRefunds, keyColumn, keys, " ORDER BY key, generation", func(s sqldb.Row) error {
		r, err := scanRefund(s)
		b.held[r.key] = r
		return err
	})
	l.selectIn(tx, selectRefunds, orderColumn, orders, "", func(s sqldb.Row) error {
		r, err := scanRefund(s)
		b.refunded[chargeName{r.OrderID, r.ChargeID}] += r.AmountMinor
		return err
	})
	return b
}

func (l sqlLedger) insertRefunds(tx *sqldb.Tx, added []refund) error {
	slices.SortFunc(added, func(a, b refund) int { return cmp.Compare(a.key, b.key) })
	rows := make([][]any, len(added))
	for i, r := range added {
		rows[i] = r.row()
	}
	return tx.Insert("gateway_refunds", refundColumns, rows)
}
