package httpapi

import (
	"time"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/tracecontext"
)

// OrderSummary is an order as lists show it.
type OrderSummary struct {
	OrderID       string    `json:"order_id" format:"uuid"`
	Status        string    `json:"status" enum:"pending,reserved,confirmed,cancelled"`
	Reason        string    `json:"reason,omitempty" doc:"Why it was cancelled"`
	CustomerID    string    `json:"customer_id"`
	Priority      string    `json:"priority" enum:"standard,express" doc:"Express orders pass the standard ones that wait"`
	Currency      string    `json:"currency"`
	TotalMinor    *int64    `json:"total_minor,omitempty" doc:"In minor units, once it is known"`
	CorrelationID string    `json:"correlation_id"`
	TraceID       string    `json:"trace_id,omitempty" doc:"Its OpenTelemetry trace, if it has one; it was recorded only if it was sampled"`
	Closed        bool      `json:"closed" doc:"Nothing more is expected to happen to it, neither here nor in stock or payment"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// orderDetails is all that is known of one order.
type orderDetails struct {
	OrderSummary
	Items         []orderLine       `json:"items" nullable:"false"`
	ExpectedTotal *int64            `json:"expected_total,omitempty"`
	Country       string            `json:"customer_country,omitempty"`
	Channel       string            `json:"channel,omitempty"`
	PaymentMethod string            `json:"payment_method"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	CreditedMinor int64             `json:"credited_minor,omitempty" doc:"How much was given back by hand, in minor units"`
}

type orderLine struct {
	ProductID      string `json:"product_id"`
	Quantity       int64  `json:"quantity"`
	UnitPriceMinor *int64 `json:"unit_price_minor,omitempty" doc:"In minor units, once inventory has priced the order"`
}

func summaryOf(o order.Order) OrderSummary {
	s := OrderSummary{
		OrderID:       o.ID,
		Status:        string(o.Status),
		Reason:        o.Reason,
		CustomerID:    o.CustomerID,
		Priority:      o.Lane,
		Currency:      o.Currency,
		CorrelationID: o.CorrelationID,
		TraceID:       tracecontext.TraceID(o.TraceParent),
		Closed:        o.Closed(),
		CreatedAt:     o.CreatedAt.UTC(),
		UpdatedAt:     o.UpdatedAt.UTC(),
	}
	if o.HasTotal() {
		s.TotalMinor = &o.TotalMinor
	}
	return s
}

func detailsOf(v order.View) orderDetails {
	return orderDetails{
		OrderSummary:  summaryOf(v.Order),
		Items:         linesOf(v.Request.Items, v.Lines),
		ExpectedTotal: v.Request.ExpectedTotalMinor,
		Country:       v.Request.Country,
		Channel:       v.Request.Channel,
		PaymentMethod: v.Request.PaymentMethod,
		Metadata:      v.Request.Metadata,
		CreditedMinor: v.CreditedMinor(),
	}
}

func linesOf(asked []events.ItemV2, priced []events.PricedItem) []orderLine {
	lines := make([]orderLine, 0, len(asked))
	if priced == nil {
		for _, it := range asked {
			lines = append(lines, orderLine{ProductID: it.ProductID, Quantity: it.Quantity})
		}
		return lines
	}
	for _, it := range priced {
		lines = append(lines, orderLine{ProductID: it.ProductID, Quantity: it.Quantity, UnitPriceMinor: &it.UnitPriceMinor})
	}
	return lines
}
