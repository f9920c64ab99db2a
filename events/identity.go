package events

// Identity tells an event from the others of its order: the ids of events derive from it and the order's id. It is the
// event's name, and for payments.credited, of which an order may have several, the name and the credit's id.
func Identity(e Event) string {
	switch v := e.(type) {
	case PaymentCredited:
		return v.EventName() + "/" + v.CreditID
	case *PaymentCredited:
		return v.EventName() + "/" + v.CreditID
	}
	return e.EventName()
}
