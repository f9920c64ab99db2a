package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"orderly/events"
	"orderly/payment"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

// Asked answers payment.AskCredit.
type Asked struct {
	Credit   payment.Credit
	Replayed bool // it had been asked for before
}

// CreditDue is the clock's input for one credit.
type CreditDue struct {
	OrderID  string
	CreditID string
}

// trackedCredit is a credit in the batch.
type trackedCredit struct {
	now     payment.Credit
	stored  bool
	changed bool
}

var (
	creditColumn = sqldb.Column{Name: "id", Type: sqldb.UUID}
	askedColumns = []sqldb.Column{
		orderColumn,
		{Name: "asked_minor", Type: sqldb.Int},
		{Name: "amount_minor", Type: sqldb.Int},
		{Name: "currency", Type: sqldb.Text},
		{Name: "why", Type: sqldb.Text},
		{Name: "asked_by", Type: sqldb.Text},
		{Name: "asked_at", Type: sqldb.Time},
	}
	creditColumns = []sqldb.Column{
		{Name: "state", Type: sqldb.Text},
		{Name: "refusal", Type: sqldb.Text},
		{Name: "settled_at", Type: sqldb.Time},
		{Name: "told", Type: sqldb.Int},
		{Name: "due_at", Type: sqldb.Time},
	}
)

const creditFields = "id, order_id, asked_minor, amount_minor, currency, why, asked_by, asked_at, state, refusal, settled_at, told, due_at"

func scanCredit(row sqldb.Row) (payment.Credit, error) {
	var c payment.Credit
	err := row.Scan(&c.ID, &c.OrderID, &c.AskedMinor, &c.AmountMinor, &c.Currency, &c.Why, &c.By, sqldb.ScanTime(&c.At),
		&c.State, &c.Refusal, sqldb.ScanTime(&c.SettledAt), &c.Told, sqldb.ScanTime(&c.DueAt))
	return c, err
}

// creditsOf returns the orders whose credits count for what the inputs say: an
// order that goes its way costs no look at them.
func creditsOf(inputs []*engine.Input) []string {
	var ids []string
	for _, in := range inputs {
		switch body := in.Body.(type) {
		case payment.AskCredit:
			ids = append(ids, body.OrderID)
		case CreditDue:
			ids = append(ids, body.OrderID)
		case events.OrderCancelled:
			ids = append(ids, body.OrderID)
		case payment.Outcome:
			switch body.Kind {
			case payment.OutcomeRefunded, payment.OutcomeCredited, payment.OutcomeCreditRefused, payment.OutcomeCreditDoubted:
				ids = append(ids, body.OrderID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// loadCredits goes after the payments, whose locks guard the credits too.
func (b *batch) loadCredits(tx *sqldb.Tx, orders []string) {
	if len(orders) == 0 {
		return
	}
	in, arg := b.db.In(orderColumn, 1, orders)
	tx.Query("load credits", "SELECT "+creditFields+" FROM credits WHERE "+in, func(row sqldb.Row) error {
		c, err := scanCredit(row)
		if err != nil {
			return err
		}
		b.credits[c.ID] = &trackedCredit{now: c, stored: true}
		if t := b.payments[c.OrderID]; t != nil {
			t.now = t.now.With(c)
		}
		return nil
	}, arg)
}

func (b *batch) keepCredit(c payment.Credit) {
	t := b.credits[c.ID]
	if t == nil {
		t = &trackedCredit{}
		b.credits[c.ID] = t
	}
	t.now, t.changed = c, true
}

// ask begins a credit, or says again what became of it.
func (b *batch) ask(a payment.AskCredit) (engine.Decision, error) {
	known := b.credits[a.ID]
	if known != nil && !known.now.Matches(a) {
		return engine.Decision{}, fmt.Errorf("order %s: %w", a.OrderID, payment.ErrCreditReused)
	}
	d, err := b.apply(a.OrderID, func(p payment.Payment) (payment.Result, error) {
		switch {
		case known != nil:
			return p.Again(known.now, b.now), nil
		case p.State == payment.None:
			return payment.Result{}, fmt.Errorf("order %s: %w", a.OrderID, payment.ErrNotFound)
		}
		return b.saga.Ask(p, a, b.now)
	})
	if err != nil {
		return d, err
	}
	d.Reply = Asked{Credit: b.credits[a.ID].now, Replayed: known != nil}
	return d, nil
}

func (b *batch) remind(due CreditDue) (engine.Decision, error) {
	c := b.credits[due.CreditID]
	if c == nil {
		return engine.Decision{}, engine.Never(fmt.Errorf("order %s has no credit %s", due.OrderID, due.CreditID))
	}
	return b.apply(due.OrderID, func(p payment.Payment) (payment.Result, error) { return p.Remind(c.now, b.now), nil })
}

// saveCredits writes the credits in the order of their keys.
func (b *batch) saveCredits(tx *sqldb.Tx) error {
	var added, changed [][]any
	for _, id := range slices.Sorted(maps.Keys(b.credits)) {
		t := b.credits[id]
		if !t.changed {
			continue
		}
		c := t.now
		moving := []any{c.State, c.Refusal, c.SettledAt, c.Told, c.DueAt}
		if t.stored {
			changed = append(changed, slices.Concat([]any{id}, moving))
		} else {
			fixed := []any{id, c.OrderID, c.AskedMinor, c.AmountMinor, c.Currency, c.Why, c.By, c.At}
			added = append(added, slices.Concat(fixed, moving))
		}
	}
	key := []sqldb.Column{creditColumn}
	if err := tx.Update("credits", key, creditColumns, changed); err != nil {
		return fmt.Errorf("save credits: %w", err)
	}
	if err := tx.Insert("credits", slices.Concat(key, askedColumns, creditColumns), added); err != nil {
		return fmt.Errorf("save new credits: %w", err)
	}
	return nil
}

// Credits returns the credits of an order, the oldest first.
func (s *Store) Credits(ctx context.Context, orderID string) ([]payment.Credit, error) {
	credits, err := s.credits(ctx, "WHERE order_id = $1 ORDER BY asked_at", orderID)
	if err != nil {
		return nil, fmt.Errorf("credits of order %s: %w", orderID, err)
	}
	return credits, nil
}

// dueLimit is how many credits the clock speaks to at a time.
const dueLimit = 64

// CreditsToCall returns inputs for the credits that are due to be called again:
// the process that began it is gone, or has no outcome yet.
func (s *Store) CreditsToCall(ctx context.Context) ([]any, error) {
	return s.creditsDue(ctx, payment.CreditPending)
}

// CreditsToTell returns inputs for the credits that are due to be told again. A
// call that has no answer for hours must not hold them up.
func (s *Store) CreditsToTell(ctx context.Context) ([]any, error) {
	return s.creditsDue(ctx, payment.CreditGiven)
}

func (s *Store) creditsDue(ctx context.Context, is payment.CreditState) ([]any, error) {
	now, err := s.db.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("credits due: %w", err)
	}
	due, err := s.credits(ctx, "WHERE due_at <= $1 AND state = $2 ORDER BY due_at LIMIT $3", sqldb.Micros(now), string(is), dueLimit)
	if err != nil {
		return nil, fmt.Errorf("credits due: %w", err)
	}
	inputs := make([]any, len(due))
	for i, c := range due {
		inputs[i] = CreditDue{OrderID: c.OrderID, CreditID: c.ID}
	}
	return inputs, nil
}

func (s *Store) credits(ctx context.Context, where string, args ...any) ([]payment.Credit, error) {
	rows, err := s.db.Reader().QueryContext(ctx, "SELECT "+creditFields+" FROM credits "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var credits []payment.Credit
	for rows.Next() {
		c, err := scanCredit(rows)
		if err != nil {
			return nil, err
		}
		credits = append(credits, c)
	}
	return credits, rows.Err()
}

// CreditInterval is how often to ask what is due.
const CreditInterval = 5 * time.Second
