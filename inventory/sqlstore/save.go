package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"orderly/pkg/sqldb"
)

var (
	reservationColumns = []sqldb.Column{
		{Name: "state", Type: sqldb.Text},
		{Name: "currency", Type: sqldb.Text},
		{Name: "total_minor", Type: sqldb.Int},
		{Name: "reason", Type: sqldb.Text},
		{Name: "product_id", Type: sqldb.Text},
		{Name: "updated_at", Type: sqldb.Time},
	}
	lineColumns    = []sqldb.Column{orderColumn, {Name: "lines", Type: sqldb.Text}}
	productColumns = []sqldb.Column{
		{Name: "name", Type: sqldb.Text},
		{Name: "currency", Type: sqldb.Text},
		{Name: "unit_price_minor", Type: sqldb.Int},
		{Name: "on_hand", Type: sqldb.Int},
		{Name: "available", Type: sqldb.Int},
		{Name: "reserved", Type: sqldb.Int},
		{Name: "sold", Type: sqldb.Int},
		{Name: "updated_at", Type: sqldb.Time},
	}
	adjustmentColumns = []sqldb.Column{
		idColumn,
		{Name: "product_id", Type: sqldb.Text},
		{Name: "delta", Type: sqldb.Int},
		{Name: "reason", Type: sqldb.Text},
		{Name: "hash", Type: sqldb.Text},
		{Name: "on_hand", Type: sqldb.Int},
		{Name: "available", Type: sqldb.Int},
		{Name: "at", Type: sqldb.Time},
	}
)

// Save writes the batch, each table in the order of its keys.
func (b *batch) Save(_ context.Context, tx *sqldb.Tx) error {
	if err := b.saveReservations(tx); err != nil {
		return fmt.Errorf("save reservations: %w", err)
	}
	if err := b.saveProducts(tx); err != nil {
		return fmt.Errorf("save products: %w", err)
	}
	if err := tx.Insert("adjustments", adjustmentColumns, b.newAdjustments()); err != nil {
		return fmt.Errorf("save adjustments: %w", err)
	}
	return nil
}

func (b *batch) saveReservations(tx *sqldb.Tx) error {
	var added, changed, lines [][]any
	for _, id := range slices.Sorted(maps.Keys(b.reservations)) {
		t := b.reservations[id]
		if !t.changed {
			continue
		}
		r := &t.now
		row := []any{&r.OrderID, (*string)(&r.State), &r.Currency, &r.TotalMinor, &r.Reason, &r.ProductID, &r.UpdatedAt}
		if t.stored {
			changed = append(changed, row)
		} else {
			added = append(added, row)
		}
		if t.reserved {
			text, err := json.Marshal(r.Lines)
			if err != nil {
				return fmt.Errorf("lines of order %s: %w", id, err)
			}
			lines = append(lines, []any{&r.OrderID, string(text)})
		}
	}
	if err := tx.Update("reservations", []sqldb.Column{orderColumn}, reservationColumns, changed); err != nil {
		return err
	}
	if err := tx.Insert("reservations", slices.Concat([]sqldb.Column{orderColumn}, reservationColumns), added); err != nil {
		return err
	}
	return tx.Insert("reservation_lines", lineColumns, lines)
}

func (b *batch) saveProducts(tx *sqldb.Tx) error {
	var added, changed [][]any
	for _, id := range slices.Sorted(maps.Keys(b.products)) {
		s := b.products[id]
		if !s.changed {
			continue
		}
		p := &s.now
		row := []any{&p.ID, &p.Name, &p.Currency, &p.UnitPriceMinor, &p.OnHand, &p.Available, &p.Reserved, &p.Sold, &p.UpdatedAt}
		if s.stored {
			changed = append(changed, row)
		} else {
			added = append(added, row)
		}
	}
	if err := tx.Update("products", []sqldb.Column{idColumn}, productColumns, changed); err != nil {
		return err
	}
	return tx.Insert("products", slices.Concat([]sqldb.Column{idColumn}, productColumns), added)
}

func (b *batch) newAdjustments() [][]any {
	var rows [][]any
	for _, id := range slices.Sorted(maps.Keys(b.adjustments)) {
		if a := b.adjustments[id]; a.isNew {
			c := a.command
			rows = append(rows, []any{id, c.ProductID, c.Delta, c.Reason, c.RequestHash, a.answer.OnHand, a.answer.Available, b.now})
		}
	}
	return rows
}
