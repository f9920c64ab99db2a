package verify

import (
	"errors"
	"fmt"
	"strings"

	"orderly/internal/audit"
)

// remainder judges what is of no one order, and what is left over.
func (a *auditor) remainder(f feeds) error {
	for _, order := range a.traces.orders() {
		c := &chain{id: order, trace: a.traces.of(order)}
		for _, fault := range c.judge(a.rules) {
			a.find(order, fault)
		}
	}
	for _, one := range []*feed{f.charges, f.payments, f.inventory, f.orders} {
		if err := one.rest(a.line); err != nil {
			return err
		}
	}
	for _, product := range a.stock.unknown() {
		a.findProduct(product, fault{NoOversell, "unknown_product", "reservations hold units of a product that does not exist"})
	}
	return nil
}

func (a *auditor) line(l audit.Line) error {
	switch {
	case l.Product != nil:
		a.report.Products++
		for _, f := range a.stock.judge(l.Product) {
			a.findProduct(l.Product.ID, f)
		}
	case l.Key != nil:
		a.key(l.Key)
	case l.Stray != nil && l.Stray.Table == "adjustments":
		a.findProduct(l.Stray.Of, fault{NoOversell, "stray_row", "table adjustments has rows of it, the product does not exist"})
	case l.Stray != nil:
		a.find(l.Stray.Of, fault{strayPromise(l.Stray.Table), "stray_row", fmt.Sprintf("table %s has rows of it that belong to nothing", l.Stray.Table)})
	default:
		return errors.New("records of orders come after all of them: the service is of another version")
	}
	return nil
}

func strayPromise(table string) Promise {
	switch table {
	case "reservation_lines":
		return NoOversell
	case "order_events":
		return InAgreement
	case "credits", "order_credits":
		return NoWrongCharge
	}
	return NothingLost
}

// key judges an idempotency key. Keys come in the order of their orders.
func (a *auditor) key(k *audit.Key) {
	switch {
	case !k.Known:
		a.find(k.OrderID, fault{Idempotent, "key_of_nothing", fmt.Sprintf("idempotency key %q stands for an order that does not exist", k.ID)})
	case k.OrderID == a.lastKey:
		a.find(k.OrderID, fault{Idempotent, "two_keys", fmt.Sprintf("idempotency key %q is not the only one that stands for it", k.ID)})
	case !strings.HasPrefix(k.ID, k.CustomerID+"/"):
		a.find(k.OrderID, fault{Idempotent, "foreign_key", fmt.Sprintf("idempotency key %q stands for an order of customer %s", k.ID, k.CustomerID)})
	}
	a.lastKey = k.OrderID
}
