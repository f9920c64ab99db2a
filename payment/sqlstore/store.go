// Package sqlstore keeps payments in a SQL database and is what the engine runs
// for the payment service: it loads the payments that a batch touches, lets
// package payment decide, saves what changed, and asks for the calls to the
// gateway. It is the same on SQLite and PostgreSQL.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"

	"orderly/events"
	"orderly/payment"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Schema is what the database of the payment service holds.
func Schema() sqldb.Schema {
	return sqldb.Schema{
		Owner:  "payment",
		Tables: []sqldb.Tables{engine.Tables(), {Name: "payment", Files: migrations}},
	}
}

// Store keeps payments. It is an engine.Decider and a payment.Reader.
type Store struct {
	db      *sqldb.DB
	gateway payment.Gateway
	saga    payment.Saga
}

var (
	_ engine.Decider = (*Store)(nil)
	_ payment.Reader = (*Store)(nil)
)

// New returns a store on a database with the tables of Schema, that charges
// through a gateway.
func New(db *sqldb.DB, gateway payment.Gateway) *Store {
	return &Store{db: db, gateway: gateway, saga: payment.NewSaga()}
}

var (
	orderColumn    = sqldb.Column{Name: "order_id", Type: sqldb.UUID}
	paymentColumns = []sqldb.Column{
		{Name: "state", Type: sqldb.Text},
		{Name: "currency", Type: sqldb.Text},
		{Name: "amount_minor", Type: sqldb.Int},
		{Name: "method", Type: sqldb.Text},
		{Name: "charge_id", Type: sqldb.Text},
		{Name: "code", Type: sqldb.Text},
		{Name: "intent_at", Type: sqldb.Time},
		{Name: "updated_at", Type: sqldb.Time},
	}
)

const paymentFields = "order_id, state, currency, amount_minor, method, charge_id, code, intent_at, updated_at"

// Load reads and locks the payments that the inputs touch.
func (s *Store) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	var ids []string
	for _, in := range inputs {
		switch body := in.Body.(type) {
		case payment.AskCredit:
			ids = append(ids, body.OrderID)
		case CreditDue:
			ids = append(ids, body.OrderID)
		case payment.Outcome:
			ids = append(ids, body.OrderID)
		case events.Event:
			ids = append(ids, body.Order())
		}
	}
	slices.Sort(ids)
	b := &batch{Store: s, payments: make(map[string]*tracked), credits: make(map[string]*trackedCredit)}
	if len(ids) == 0 {
		return b, nil
	}
	in, arg := s.db.In(orderColumn, 1, slices.Compact(ids))
	tx.Query("load payments", "SELECT "+paymentFields+" FROM payments WHERE "+in+" ORDER BY order_id"+s.db.Lock(), func(row sqldb.Row) error {
		p, err := scan(row)
		b.payments[p.OrderID] = &tracked{now: p, stored: true}
		return err
	}, arg)
	b.loadCredits(tx, creditsOf(inputs))
	return b, tx.Send(ctx)
}

func scan(row sqldb.Row) (payment.Payment, error) {
	var p payment.Payment
	err := row.Scan(&p.OrderID, &p.State, &p.Currency, &p.AmountMinor, &p.Method, &p.ChargeID, &p.Code, sqldb.ScanTime(&p.IntentAt), sqldb.ScanTime(&p.UpdatedAt))
	return p, err
}

// Save writes the batch in the order of its keys.
func (b *batch) Save(_ context.Context, tx *sqldb.Tx) error {
	var added, changed [][]any
	for _, id := range slices.Sorted(maps.Keys(b.payments)) {
		t := b.payments[id]
		if !t.changed {
			continue
		}
		p := &t.now
		row := []any{&p.OrderID, (*string)(&p.State), &p.Currency, &p.AmountMinor, &p.Method, &p.ChargeID, &p.Code, &p.IntentAt, &p.UpdatedAt}
		if t.stored {
			changed = append(changed, row)
		} else {
			added = append(added, row)
		}
	}
	if err := tx.Update("payments", []sqldb.Column{orderColumn}, paymentColumns, changed); err != nil {
		return fmt.Errorf("save payments: %w", err)
	}
	if err := tx.Insert("payments", slices.Concat([]sqldb.Column{orderColumn}, paymentColumns), added); err != nil {
		return fmt.Errorf("save new payments: %w", err)
	}
	return b.saveCredits(tx)
}

// Payment returns the payment of one order.
func (s *Store) Payment(ctx context.Context, orderID string) (payment.Payment, error) {
	row := s.db.Reader().QueryRowContext(ctx, "SELECT "+paymentFields+" FROM payments WHERE order_id = $1", orderID)
	p, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("order %s: %w", orderID, payment.ErrNotFound)
	}
	if err != nil {
		return p, fmt.Errorf("payment of order %s: %w", orderID, err)
	}
	return p, nil
}
