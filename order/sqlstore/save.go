package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// fixed columns never change after an order was placed, moving ones do.
var (
	fixedColumns = []sqldb.Column{
		{Name: "customer_id", Type: sqldb.Text},
		{Name: "currency", Type: sqldb.Text},
		{Name: "lane", Type: sqldb.Text},
		{Name: "correlation_id", Type: sqldb.Text},
		{Name: "trace_parent", Type: sqldb.Text},
		{Name: "created_at", Type: sqldb.Time},
		{Name: "deadline", Type: sqldb.Time},
	}
	movingColumns = []sqldb.Column{
		{Name: "status", Type: sqldb.Text},
		{Name: "reason", Type: sqldb.Text},
		{Name: "total_minor", Type: sqldb.Int},
		{Name: "priced", Type: sqldb.Bool},
		{Name: "stock_settled", Type: sqldb.Bool},
		{Name: "payment_settled", Type: sqldb.Bool},
		{Name: "updated_at", Type: sqldb.Time},
		{Name: "next_redrive", Type: sqldb.Time},
		{Name: "redrives", Type: sqldb.Int},
		{Name: "entries", Type: sqldb.Int},
	}
	orderColumns = slices.Concat([]sqldb.Column{idColumn}, movingColumns, fixedColumns)
	entryColumns = []sqldb.Column{
		{Name: "order_id", Type: sqldb.UUID},
		{Name: "n", Type: sqldb.Int},
		{Name: "id", Type: sqldb.Text},
		{Name: "name", Type: sqldb.Text},
		{Name: "version", Type: sqldb.Int},
		{Name: "at", Type: sqldb.Time},
		{Name: "cause", Type: sqldb.Text},
		{Name: "data", Type: sqldb.Text},
	}
	dueColumn       = sqldb.Column{Name: "due_at", Type: sqldb.Time}
	endedColumns    = []sqldb.Column{{Name: "status", Type: sqldb.Text}, idColumn}
	acceptedColumns = []sqldb.Column{
		keyColumn,
		{Name: "hash", Type: sqldb.Text},
		{Name: "order_id", Type: sqldb.UUID},
		{Name: "created_at", Type: sqldb.Time},
	}
)

// changes are the rows to write, by table.
type changes struct {
	placed, moved [][]any // orders
	entries       [][]any // order_events
	opened, due   [][]any // open_orders
	closed        []any   // open_orders
	ended         [][]any // ended_orders
}

// Save writes the batch. Rows of one table go in the order of their keys, so
// that two replicas never wait for each other in a circle.
func (b *batch) Save(_ context.Context, tx *sqldb.Tx) error {
	slices.SortFunc(b.changed, func(x, y *tracked) int { return cmp.Compare(x.now.ID, y.now.ID) })
	var c changes
	for _, t := range b.changed {
		if err := c.add(t, b.cfg.Registry); err != nil {
			return err
		}
	}
	if err := tx.Insert("idempotency_keys", acceptedColumns, b.newKeys()); err != nil {
		return fmt.Errorf("save idempotency keys: %w", err)
	}
	if err := b.saveActions(tx); err != nil {
		return err
	}
	if err := b.saveCredits(tx); err != nil {
		return err
	}
	return c.write(tx)
}

func (c *changes) write(tx *sqldb.Tx) error {
	id := []sqldb.Column{idColumn}
	if err := tx.Update("orders", id, movingColumns, c.moved); err != nil {
		return fmt.Errorf("save orders: %w", err)
	}
	if err := tx.Insert("orders", orderColumns, c.placed); err != nil {
		return fmt.Errorf("save new orders: %w", err)
	}
	if err := tx.Insert("order_events", entryColumns, c.entries); err != nil {
		return fmt.Errorf("save the history: %w", err)
	}
	if err := tx.Insert("open_orders", []sqldb.Column{idColumn, dueColumn}, c.opened); err != nil {
		return fmt.Errorf("save open orders: %w", err)
	}
	if err := tx.Update("open_orders", id, []sqldb.Column{dueColumn}, c.due); err != nil {
		return fmt.Errorf("save when orders are due: %w", err)
	}
	if err := tx.Delete("open_orders", idColumn, c.closed); err != nil {
		return fmt.Errorf("close orders: %w", err)
	}
	if err := tx.Insert("ended_orders", endedColumns, c.ended); err != nil {
		return fmt.Errorf("save ended orders: %w", err)
	}
	return nil
}

func (c *changes) add(t *tracked, registry *event.Registry) error {
	o, before := &t.now, &t.loaded
	isNew := before.ID == ""
	row := make([]any, 0, len(orderColumns))
	row = append(row, &o.ID, (*string)(&o.Status), &o.Reason, &o.TotalMinor, &o.Priced, &o.StockSettled, &o.PaymentSettled,
		&o.UpdatedAt, &o.NextRedrive, &o.Redrives, t.entries+len(t.added))
	if isNew {
		c.placed = append(c.placed, append(row, &o.CustomerID, &o.Currency, &o.Lane, &o.CorrelationID, &o.TraceParent, &o.CreatedAt, &o.Deadline))
	} else {
		c.moved = append(c.moved, row)
	}
	for i := range t.added {
		e := &t.added[i]
		version, data, err := registry.Record(*e.event)
		if err != nil {
			return fmt.Errorf("history of order %s: %w", o.ID, err)
		}
		c.entries = append(c.entries, []any{&o.ID, t.entries + i + 1, &e.event.ID, &e.event.Name, version, &e.at, &e.cause, string(data)})
	}
	switch {
	case isNew && !o.Closed():
		c.opened = append(c.opened, []any{&o.ID, o.Due()})
	case !isNew && o.Closed() && !before.Closed():
		c.closed = append(c.closed, &o.ID)
	case !isNew && !o.Closed() && dueMoved(t):
		c.due = append(c.due, []any{&o.ID, o.Due()})
	}
	if o.Ended() && !before.Ended() {
		c.ended = append(c.ended, []any{(*string)(&o.Status), &o.ID})
	}
	return nil
}

// dueMoved reports whether open_orders must be told when the order is due
// next. Ordinary progress only makes it later, and the clock finds that out by
// itself: an order that goes its way costs no write there.
func dueMoved(t *tracked) bool {
	return len(t.added) == 0 || t.loaded.Redrives > 0
}

func (b *batch) newKeys() [][]any {
	var rows [][]any
	for id, a := range b.accepted {
		if a.isNew {
			rows = append(rows, []any{id, a.hash, a.orderID, a.createdAt})
		}
	}
	slices.SortFunc(rows, func(x, y []any) int { return cmp.Compare(x[0].(string), y[0].(string)) })
	return rows
}
