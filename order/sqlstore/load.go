package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

var (
	idColumn  = sqldb.Column{Name: "id", Type: sqldb.UUID}
	keyColumn = sqldb.Column{Name: "id", Type: sqldb.Text}
)

const orderFields = `orders.id, customer_id, currency, lane, correlation_id, trace_parent, orders.status, reason, total_minor,
	priced, stock_settled, payment_settled, created_at, updated_at, deadline, next_redrive, redrives, entries`

// row is an order as it is stored.
type row struct {
	order.Order
	entries int
}

func scan(rows sqldb.Row) (row, error) {
	var r row
	err := rows.Scan(&r.ID, &r.CustomerID, &r.Currency, &r.Lane, &r.CorrelationID, &r.TraceParent, &r.Status, &r.Reason, &r.TotalMinor,
		&r.Priced, &r.StockSettled, &r.PaymentSettled, sqldb.ScanTime(&r.CreatedAt), sqldb.ScanTime(&r.UpdatedAt),
		sqldb.ScanTime(&r.Deadline), sqldb.ScanTime(&r.NextRedrive), &r.Redrives, &r.entries)
	return r, err
}

// Tick is the clock's input for one order.
type Tick struct {
	OrderID string
	order.Tick
}

// keys is what a batch touches.
type keys struct {
	orders   []string // to load
	requests []string // orders whose Request is needed too
	accepted []string // idempotency keys
	credited []string // orders whose Credits count
	actions  []string // ids, which are there if a commit of unknown outcome was one
}

func keysOf(inputs []*engine.Input) keys {
	var k keys
	for _, in := range inputs {
		switch body := in.Body.(type) {
		case order.Place: // its order is there if a commit of unknown outcome was one
			k.orders = append(k.orders, body.ID)
			if body.IdempotencyKey != "" {
				k.accepted = append(k.accepted, acceptedID(body))
			}
		case order.Cancel:
			k.orders = append(k.orders, body.OrderID)
			k.requests = append(k.requests, body.OrderID)
			k.actions = append(k.actions, body.Action.ID)
		case order.Retry:
			k.orders = append(k.orders, body.OrderID)
			k.requests = append(k.requests, body.OrderID)
			k.actions = append(k.actions, body.Action.ID)
		case Tick:
			k.orders = append(k.orders, body.OrderID)
			k.requests = append(k.requests, body.OrderID)
		case events.PaymentCredited:
			k.orders = append(k.orders, body.OrderID)
			k.credited = append(k.credited, body.OrderID)
		case events.Event:
			k.orders = append(k.orders, body.Order())
		}
	}
	k.orders, k.requests, k.accepted = sorted(k.orders), sorted(k.requests), sorted(k.accepted)
	k.credited, k.actions = sorted(k.credited), some(sorted(k.actions))
	return k
}

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// acceptedID is the customer and the key: a customer's id has no slash.
func acceptedID(p order.Place) string { return p.CustomerID + "/" + p.IdempotencyKey }

// Load reads and locks what the inputs touch.
func (s *Store) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	k := keysOf(inputs)
	b := newBatch(s)
	b.loadAccepted(tx, k.accepted)
	b.loadOrders(tx, k.orders)
	b.loadRequests(tx, k.requests)
	b.loadCredits(tx, k.credited)
	b.loadActions(tx, k.actions)
	return b, tx.Send(ctx)
}

func (b *batch) loadAccepted(tx *sqldb.Tx, ids []string) {
	if len(ids) == 0 {
		return
	}
	in, arg := b.db.In(keyColumn, 1, ids)
	tx.Query("load idempotency keys", "SELECT id, hash, order_id, created_at FROM idempotency_keys WHERE "+in, func(row sqldb.Row) error {
		var id string
		var a accepted
		err := row.Scan(&id, &a.hash, &a.orderID, sqldb.ScanTime(&a.createdAt))
		b.accepted[id] = a
		return err
	}, arg)
}

func (b *batch) loadOrders(tx *sqldb.Tx, ids []string) {
	if len(ids) == 0 {
		return
	}
	in, arg := b.db.In(idColumn, 1, ids)
	tx.Query("load orders", "SELECT "+orderFields+" FROM orders WHERE "+in+" ORDER BY id"+b.db.Lock(), func(found sqldb.Row) error {
		r, err := scan(found)
		b.orders[r.ID] = &tracked{loaded: r.Order, now: r.Order, entries: r.entries}
		return err
	}, arg)
}

// loadRequests fetches what orders.created has to say again. It goes after the
// orders.
func (b *batch) loadRequests(tx *sqldb.Tx, ids []string) {
	if len(ids) == 0 {
		return
	}
	in, arg := b.db.In(sqldb.Column{Name: "order_id", Type: sqldb.UUID}, 1, ids)
	tx.Query("load requests", "SELECT order_id, name, version, data FROM order_events WHERE n = 1 AND "+in, func(row sqldb.Row) error {
		var id string
		var e order.Entry
		if err := row.Scan(&id, &e.Name, &e.Version, (*[]byte)(&e.Data)); err != nil {
			return err
		}
		t := b.orders[id]
		if t == nil {
			return nil
		}
		var err error
		if t.now.Request, err = b.request(e); err != nil {
			return fmt.Errorf("order %s: %w", id, err)
		}
		return nil
	}, arg)
}

// request rebuilds what was asked for from the history's first entry.
func (s *Store) request(e order.Entry) (order.Request, error) {
	payload, err := s.decode(e)
	if err != nil {
		return order.Request{}, err
	}
	c, ok := payload.(events.OrderCreatedV2)
	if !ok {
		return order.Request{}, fmt.Errorf("the history begins with %s", e.Name)
	}
	return order.RequestOf(c), nil
}

// told replaces what an entry keeps for older builds by what was told, in the
// newest version that this build knows of it. What it cannot read it leaves.
func (s *Store) told(name string, version int, data []byte) (int, []byte) {
	recalled, err := s.cfg.Registry.Recall(name, version, data)
	if err != nil {
		return version, data
	}
	return recalled.Version, recalled.Data
}

func (s *Store) decode(e order.Entry) (any, error) {
	recalled, err := s.cfg.Registry.Recall(e.Name, e.Version, e.Data)
	if err != nil {
		return nil, fmt.Errorf("read the history: %w", err)
	}
	return recalled.Payload, nil
}
