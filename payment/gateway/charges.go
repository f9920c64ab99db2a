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

var (
	keyColumn   = sqldb.Column{Name: "key", Type: sqldb.Text}
	orderColumn = sqldb.Column{Name: "order_id", Type: sqldb.Text}

	chargeColumns = []sqldb.Column{
		keyColumn, {Name: "generation", Type: sqldb.Int}, {Name: "id", Type: sqldb.Text}, orderColumn,
		{Name: "method", Type: sqldb.Text}, {Name: "currency", Type: sqldb.Text},
		{Name: "amount_minor", Type: sqldb.Int}, {Name: "status", Type: sqldb.Text},
		{Name: "code", Type: sqldb.Text}, {Name: "created_at", Type: sqldb.Time},
	}
)

const selectCharges = `SELECT key, generation, id, order_id, method, currency, amount_minor, status, code, created_at
	FROM gateway_charges`

// charge is an entry of the ledger.
type charge struct {
	payment.Charge
	key        string
	generation int64
	method     string
	at         time.Time
}

func (c charge) row() []any {
	return []any{
		c.key, c.generation, c.ID, c.OrderID, c.method, c.Currency, c.AmountMinor, string(c.Status), c.Code, c.at,
	}
}

func scanCharge(s sqldb.Row) (charge, error) {
	var c charge
	err := s.Scan(&c.key, &c.generation, &c.ID, &c.OrderID, &c.method, &c.Currency, &c.AmountMinor, &c.Status,
		&c.Code, sqldb.ScanTime(&c.at))
	return c, err
}

// known reports whether the key of c is still in use; that of a voided charge always is.
func (c charge) known(now time.Time, retention time.Duration) bool {
	return c.Status == payment.ChargeVoided || remembered(c.at, now, retention)
}

// chargeOp is one call to Charge or Void and, once committed, its answer.
type chargeOp struct {
	request payment.ChargeRequest // of a void, only Key and OrderID
	void    bool
	decline bool

	answer  payment.Charge
	refusal error
}

// entry is what op adds to the ledger if its key is free.
func (op *chargeOp) entry(generation int64, now time.Time) (charge, error) {
	id, err := newID("ch")
	if err != nil {
		return charge{}, err
	}
	c := charge{key: op.request.Key, generation: generation, method: op.request.Method, at: now}
	c.ID, c.OrderID = id, op.request.OrderID
	c.Currency, c.AmountMinor = op.request.Currency, op.request.AmountMinor
	c.Status, c.Code = op.outcome()
	return c, nil
}

func (op *chargeOp) outcome() (payment.ChargeStatus, string) {
	if op.void {
		return payment.ChargeVoided, ""
	}
	if code := declineCode(op.request.Method); code != "" {
		return payment.ChargeDeclined, code
	}
	if op.decline {
		return payment.ChargeDeclined, codeDeclined
	}
	return payment.ChargeCaptured, ""
}

// settle answers op from the entry that its key has.
func (op *chargeOp) settle(c charge) {
	op.answer, op.refusal = c.Charge, nil
	if !op.matches(c) {
		op.answer, op.refusal = payment.Charge{}, payment.ErrKeyReused
	}
}

func (op *chargeOp) matches(c charge) bool {
	r := op.request
	if op.void || c.Status == payment.ChargeVoided {
		return r.OrderID == c.OrderID
	}
	return r.OrderID == c.OrderID && r.Method == c.method && r.Currency == c.Currency && r.AmountMinor == c.AmountMinor
}

func (l sqlLedger) charge(ctx context.Context, ops []*chargeOp, retention time.Duration) error {
	return l.inTx(ctx, func(tx *sqldb.Tx) error {
		held := l.chargesByKey(tx, ops)
		now, err := tx.Now(ctx)
		if err != nil {
			return fmt.Errorf("read charges: %w", err)
		}
		added, err := decideCharges(ops, held, now, retention)
		if err != nil {
			return err
		}
		if err := l.insertCharges(tx, added); err != nil {
			return fmt.Errorf("add charges: %w", err)
		}
		return nil
	})
}

// decideCharges answers ops by the latest charge of each key, and returns the
// charges that are new, which held has then too.
func decideCharges(ops []*chargeOp, held map[string]charge, now time.Time, retention time.Duration) (added []charge, err error) {
	for _, op := range ops {
		c, used := held[op.request.Key]
		if !used || !c.known(now, retention) {
			if c, err = op.entry(c.generation+1, now); err != nil {
				return nil, err
			}
			held[c.key] = c
			added = append(added, c)
		}
		op.settle(c)
	}
	return added, nil
}

// chargesByKey asks for the latest charge of each key that was ever used.
func (l sqlLedger) chargesByKey(tx *sqldb.Tx, ops []*chargeOp) map[string]charge {
	keys := make([]string, len(ops))
	for i, op := range ops {
		keys[i] = op.request.Key
	}
	held := make(map[string]charge)
	l.selectIn(tx, selectCharges, keyColumn, keys, " ORDER BY key, generation", func(s sqldb.Row) error {
		c, err := scanCharge(s)
		held[c.key] = c
		return err
	})
	return held
}

func (l sqlLedger) insertCharges(tx *sqldb.Tx, added []charge) error {
	slices.SortFunc(added, func(a, b charge) int { return cmp.Compare(a.key, b.key) })
	rows := make([][]any, len(added))
	for i, c := range added {
		rows[i] = c.row()
	}
	return tx.Insert("gateway_charges", chargeColumns, rows)
}
