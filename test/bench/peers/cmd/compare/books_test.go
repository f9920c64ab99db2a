package main

import (
	"strings"
	"testing"
)

// right has an order of each end.
func right() books {
	return books{
		orders:       map[string]string{"a": "confirmed", "b": "cancelled", "c": "cancelled"},
		reservations: map[string]string{"a": "reserved", "b": "released", "c": "rejected"},
		payments:     map[string]string{"a": "completed", "b": "failed"},
		items: map[string]string{
			"a": `[{"product_id":"MUG","quantity":2},{"product_id":"TEA","quantity":1}]`,
			"b": `[{"product_id":"MUG","quantity":5}]`,
		},
		stock: []stock{{"MUG", 10, 8, 2}, {"TEA", 10, 9, 1}},
	}
}

func TestBooks_check(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(*books)
		words string
	}{
		{"right", func(*books) {}, ""},
		{"an order that has not ended", func(k *books) { k.orders["a"] = "pending" }, "pending"},
		{"confirmed without a payment", func(k *books) { delete(k.payments, "a") }, "confirmed"},
		{"confirmed without stock", func(k *books) { delete(k.reservations, "a") }, "confirmed"},
		{"cancelled and charged", func(k *books) { k.payments["b"] = "completed" }, "completed"},
		{"cancelled and still held", func(k *books) { k.reservations["b"] = "reserved" }, "reserved"},
		{"charged for nothing", func(k *books) { k.payments["c"] = "failed" }, "rejected"},
		{"a reservation of no order", func(k *books) { k.reservations["d"] = "released" }, "4 reservations"},
		{"a unit held twice", func(k *books) { k.stock[0] = stock{"MUG", 10, 7, 3} }, "MUG"},
		{"a unit lost", func(k *books) { k.stock[1] = stock{"TEA", 10, 8, 1} }, "TEA"},
		{"a unit of one product taken from another", func(k *books) { k.stock = []stock{{"MUG", 10, 9, 1}, {"TEA", 10, 8, 2}} }, "orders hold"},
		{"oversold", func(k *books) { k.stock = []stock{{"MUG", 1, -1, 2}, {"TEA", 10, 9, 1}} }, "Available:-1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := right()
			c.spoil(&k)
			switch err := k.check(); {
			case c.words == "" && err != nil:
				t.Errorf("got %v, want the books to be right", err)
			case c.words != "" && (err == nil || !strings.Contains(err.Error(), c.words)):
				t.Errorf("got %v, want something with %q", err, c.words)
			}
		})
	}
}
