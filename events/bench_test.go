package events_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"orderly/events"
)

func BenchmarkOrderCreated(b *testing.B) {
	version := lookUp(b, events.NameOrderCreated, 1)
	judge := newJudge(b, version)
	for _, items := range []int{2, 675} {
		order := events.OrderCreated{
			OrderID: orderID, CustomerID: "17850", Currency: "GBP", PaymentMethod: "pm_card_visa",
		}
		for i := range items {
			order.Items = append(order.Items, events.Item{ProductID: fmt.Sprintf("%05dA", i), Quantity: int64(i + 1)})
		}
		payload, err := json.Marshal(order)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("Decode/%d_items", items), func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := version.Decode(payload); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Unmarshal/%d_items", items), func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				var into events.OrderCreated
				if err := json.Unmarshal(payload, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Interpreter/%d_items", items), func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				if err := judge.check(payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
