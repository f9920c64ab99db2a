package verify_test

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/pkg/event"
)

// tell publishes an event that nobody decided.
func tell(t *testing.T, s *shop, id string, payload events.Event) {
	t.Helper()
	if id == "" {
		id = event.DeriveID(payload.Order(), events.Identity(payload))
	}
	e := event.Event{ID: id, Source: "somebody", Name: payload.EventName(), Version: payload.EventVersion(), Subject: payload.Order(), Payload: payload}
	ok(t, s.registry.Seal(&e))
	packs, err := s.registry.Pack([]event.Event{e}, 0)
	ok(t, err)
	for _, p := range packs {
		_, err := s.bus.JetStream().PublishMsg(t.Context(), &nats.Msg{Subject: p.Subject, Header: nats.Header(p.Header), Data: p.Data})
		ok(t, err)
	}
}

// silence takes every message out of a stream that tells a certain event of an
// order, with whatever else is in it, and tells the rest again.
func silence(t *testing.T, s *shop, stream, name, id string) {
	t.Helper()
	js, err := s.bus.JetStream().Stream(t.Context(), stream)
	ok(t, err)
	info, err := js.Info(t.Context())
	ok(t, err)
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		m, err := js.GetMsg(t.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		ok(t, err)
		told, err := s.registry.Open(event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data})
		ok(t, err)
		var others []event.Event
		for _, r := range told {
			if r.Event.Name != name || r.Event.Subject != id {
				others = append(others, r.Event)
			}
		}
		if len(others) == len(told) {
			continue
		}
		ok(t, js.DeleteMsg(t.Context(), seq))
		for _, e := range others {
			tell(t, s, e.ID, e.Payload.(events.Event))
		}
	}
}

func eventFaults() []planted {
	says := func(name, rule string, of func(traded) string, what func(id string) events.Event) planted {
		return planted{name, "G5", rule, func(t *testing.T, s *shop, tr traded) string {
			tell(t, s, "", what(of(tr)))
			return of(tr)
		}}
	}
	return []planted{
		says("confirmed, say the streams", "event_contradicts_order", func(tr traded) string { return tr.declined[0] },
			func(id string) events.Event { return events.OrderConfirmed{OrderID: id, Currency: "EUR"} }),
		says("cancelled, say the streams", "event_contradicts_order", func(tr traded) string { return tr.open },
			func(id string) events.Event {
				return events.OrderCancelled{OrderID: id, Reason: events.ReasonCustomer}
			}),
		says("rejected, say the streams", "event_contradicts_reservation", func(tr traded) string { return tr.confirmed[0] },
			func(id string) events.Event {
				return events.InventoryRejected{OrderID: id, Reason: events.ReasonOutOfStock}
			}),
		says("failed, say the streams", "event_contradicts_payment", func(tr traded) string { return tr.confirmed[1] },
			func(id string) events.Event { return events.PaymentFailed{OrderID: id, Code: "card_declined"} }),
		says("told of nobody", "unknown_order", func(traded) string { return nobody },
			func(id string) events.Event { return events.OrderConfirmed{OrderID: id, Currency: "EUR"} }),
		{"one event, two contents", "G4", "event_differs", func(t *testing.T, s *shop, tr traded) string {
			tell(t, s, "", events.OrderConfirmed{OrderID: tr.confirmed[2], Currency: "EUR", TotalMinor: 1})
			return tr.confirmed[2]
		}},
		{"one event, two ids", "G4", "event_id", func(t *testing.T, s *shop, tr traded) string {
			tell(t, s, "01890000-0000-8000-8000-000000000001", events.OrderCancelled{OrderID: tr.declined[1], Reason: events.ReasonPaymentDeclined})
			return tr.declined[1]
		}},
		{"the history has other contents", "G5", "other_contents", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE order_events SET data = data || ' ' WHERE order_id = $1 AND name = 'payments.captured'", tr.confirmed[3])
			return tr.confirmed[3]
		}},
		{"confirmed in silence", "G5", "end_not_told", func(t *testing.T, s *shop, tr traded) string {
			silence(t, s, "ORDERS", events.NameOrderConfirmed, tr.confirmed[4])
			return tr.confirmed[4]
		}},
		{"cancelled in silence", "G5", "end_not_told", func(t *testing.T, s *shop, tr traded) string {
			silence(t, s, "ORDERS", events.NameOrderCancelled, tr.refunded[0])
			return tr.refunded[0]
		}},
	}
}
