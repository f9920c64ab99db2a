package sqlstore

import (
	"context"
	"fmt"

	"orderly/order"
	"orderly/pkg/sqldb"
)

var creditColumns = []sqldb.Column{
	{Name: "order_id", Type: sqldb.UUID},
	{Name: "credit_id", Type: sqldb.UUID},
	{Name: "amount_minor", Type: sqldb.Int},
}

// loadCredits goes after the orders, whose locks guard the credits too. Only
// those who hear of a credit look at them.
func (b *batch) loadCredits(tx *sqldb.Tx, orders []string) {
	if len(orders) == 0 {
		return
	}
	in, arg := b.db.In(creditColumns[0], 1, orders)
	tx.Query("load credits", "SELECT order_id, credit_id, amount_minor FROM order_credits WHERE "+in, func(row sqldb.Row) error {
		var id string
		var c order.Credit
		if err := row.Scan(&id, &c.ID, &c.AmountMinor); err != nil {
			return err
		}
		if t := b.orders[id]; t != nil {
			t.loaded.Credits = append(t.loaded.Credits, c)
			t.now.Credits = t.loaded.Credits
		}
		return nil
	}, arg)
}

// saveCredits writes the new credits, in the order of their orders.
func (b *batch) saveCredits(tx *sqldb.Tx) error {
	var added [][]any
	for _, t := range b.changed {
		for _, c := range t.now.Credits[len(t.loaded.Credits):] {
			added = append(added, []any{t.now.ID, c.ID, c.AmountMinor})
		}
	}
	if err := tx.Insert("order_credits", creditColumns, added); err != nil {
		return fmt.Errorf("save credits: %w", err)
	}
	return nil
}

func (s *Store) credits(ctx context.Context, id string) ([]order.Credit, error) {
	rows, err := s.db.Reader().QueryContext(ctx, "SELECT credit_id, amount_minor FROM order_credits WHERE order_id = $1", id)
	if err != nil {
		return nil, fmt.Errorf("credits of order %s: %w", id, err)
	}
	defer rows.Close()
	var credits []order.Credit
	for rows.Next() {
		var c order.Credit
		if err := rows.Scan(&c.ID, &c.AmountMinor); err != nil {
			return nil, fmt.Errorf("credits of order %s: %w", id, err)
		}
		credits = append(credits, c)
	}
	return credits, rows.Err()
}
