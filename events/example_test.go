package events_test

import (
	"encoding/json"
	"fmt"

	"orderly/events"
)

// A sender validates and encodes; a receiver finds the version and decodes.
func Example() {
	sent := events.OrderCreated{
		OrderID:       "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17",
		CustomerID:    "17850",
		Currency:      "GBP",
		PaymentMethod: "pm_card_visa",
		Items:         []events.Item{{ProductID: "85123A", Quantity: 6}},
	}
	if err := sent.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	payload, err := json.Marshal(sent)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, version := range events.Catalog() {
		if version.Name != sent.EventName() || version.Version != sent.EventVersion() {
			continue
		}
		received, err := version.Decode(payload)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(received.Order(), received.(events.OrderCreated).Items)
	}

	sent.Items[0].Quantity = 0
	fmt.Println(sent.Validate())
	// Output:
	// 01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17 [{85123A 6}]
	// items[0].quantity: 0 is below the minimum 1
}
