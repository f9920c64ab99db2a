package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

// action is an operator's action on an order.
type action struct {
	order.Action
	orderID string
}

var actionColumns = []sqldb.Column{
	{Name: "id", Type: sqldb.UUID},
	{Name: "order_id", Type: sqldb.UUID},
	{Name: "kind", Type: sqldb.Text},
	{Name: "done_by", Type: sqldb.Text},
	{Name: "why", Type: sqldb.Text},
	{Name: "at", Type: sqldb.Time},
}

// retry announces an order again because an operator wants it. What ends by the
// deadline ends by the clock, whoever was first to look at it.
func (b *batch) retry(c order.Retry) (engine.Decision, error) {
	t := b.orders[c.OrderID]
	if t == nil {
		return engine.Decision{}, fmt.Errorf("order %s: %w", c.OrderID, order.ErrNotFound)
	}
	r, err := b.cfg.Policy.Retry(t.now, rand.Float64(), b.now)
	if err != nil {
		return engine.Decision{}, err
	}
	b.note(c.OrderID, c.Action)
	b.touch(t)
	d := b.apply(t, r, nil, order.CauseClock)
	d.Reply = t.now
	return d, nil
}

// note keeps who did it and why, unless it is the customer's doing or was kept
// before.
func (b *batch) note(orderID string, a order.Action) {
	if a.ID == "" || slices.Contains(b.done, a.ID) {
		return
	}
	a.At = b.now
	b.actions = append(b.actions, action{a, orderID})
}

func (b *batch) loadActions(tx *sqldb.Tx, ids []string) {
	if len(ids) == 0 {
		return
	}
	in, arg := b.db.In(idColumn, 1, ids)
	tx.Query("load actions", "SELECT id FROM order_actions WHERE "+in, func(row sqldb.Row) error {
		var id string
		err := row.Scan(&id)
		b.done = append(b.done, id)
		return err
	}, arg)
}

func (b *batch) saveActions(tx *sqldb.Tx) error {
	slices.SortFunc(b.actions, func(x, y action) int { return cmp.Compare(x.ID, y.ID) })
	rows := make([][]any, len(b.actions))
	for i, a := range b.actions {
		rows[i] = []any{a.ID, a.orderID, a.Kind, a.By, a.Why, a.At}
	}
	if err := tx.Insert("order_actions", actionColumns, rows); err != nil {
		return fmt.Errorf("save what operators did: %w", err)
	}
	return nil
}

// Actions returns what operators did to an order, the oldest first.
func (s *Store) Actions(ctx context.Context, id string) ([]order.Action, error) {
	rows, err := s.db.Reader().QueryContext(ctx, "SELECT id, kind, done_by, why, at FROM order_actions WHERE order_id = $1 ORDER BY at", id)
	if err != nil {
		return nil, fmt.Errorf("actions on order %s: %w", id, err)
	}
	defer rows.Close()
	var actions []order.Action
	for rows.Next() {
		var a order.Action
		if err := rows.Scan(&a.ID, &a.Kind, &a.By, &a.Why, sqldb.ScanTime(&a.At)); err != nil {
			return nil, fmt.Errorf("actions on order %s: %w", id, err)
		}
		actions = append(actions, a)
	}
	return actions, rows.Err()
}

// some leaves out the empty one of sorted ids.
func some(ids []string) []string {
	if len(ids) > 0 && ids[0] == "" {
		return ids[1:]
	}
	return ids
}
