package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"orderly/internal/client"
)

// wait is whom a stuck order waits for, and why it has no answer yet.
type wait struct {
	For string `json:"for"` // a service, or the gateway
	Why string `json:"why"`
}

// asked is what the services say of a stuck order; nil is that one has not heard
// of it.
type asked struct {
	order       client.StuckOrder
	reservation *client.Reservation
	payment     *client.Payment
	gateway     *client.GatewayStatus
	letters     []client.DeadLetter // about the order
	silent      []wait              // services that do not answer
}

// asker asks the services of orders, and one that does not answer only once.
type asker struct {
	services
	gateway *client.GatewayStatus
	buried  []string // services that have dead letters
	silent  []wait
}

func newAsker(ctx context.Context, all services) *asker {
	s := &asker{services: all}
	s.gateway = answerOf(s, thePayment, func() (client.GatewayStatus, error) { return s.payment.GatewayStatus(ctx) })
	for _, service := range []string{theOrder, theInventory, thePayment} {
		if some := s.letters(ctx, service, client.LetterFilter{}, 1); len(some) > 0 {
			s.buried = append(s.buried, service)
		}
	}
	return s
}

// letters returns the first dead letters of a service.
func (s *asker) letters(ctx context.Context, service string, f client.LetterFilter, limit int) []client.DeadLetter {
	api := map[string]*client.Client{theOrder: s.order, theInventory: s.inventory, thePayment: s.payment}[service]
	found := answerOf(s, service, func() (letters []client.DeadLetter, err error) {
		for l, err := range api.DeadLetters(ctx, service, f) {
			if err != nil {
				return nil, err
			}
			if letters = append(letters, l); len(letters) == limit {
				break
			}
		}
		return letters, nil
	})
	if found == nil {
		return nil
	}
	return *found
}

func (s *asker) ask(ctx context.Context, o client.StuckOrder) asked {
	a := asked{order: o, gateway: s.gateway}
	a.reservation = answerOf(s, theInventory, func() (client.Reservation, error) { return s.inventory.Reservation(ctx, o.OrderID) })
	a.payment = answerOf(s, thePayment, func() (client.Payment, error) { return s.payment.Payment(ctx, o.OrderID) })
	for _, service := range s.buried {
		a.letters = append(a.letters, s.letters(ctx, service, client.LetterFilter{Key: o.OrderID}, shownLetters)...)
	}
	a.silent = s.silent
	return a
}

// shownLetters is how many dead letters of one order and service are listed.
const shownLetters = 5

func answerOf[T any](s *asker, service string, ask func() (T, error)) *T {
	if slices.ContainsFunc(s.silent, func(w wait) bool { return w.For == service }) {
		return nil
	}
	v, err := known(ask())
	if err != nil {
		s.silent = append(s.silent, wait{service, "it does not answer: " + strings.ReplaceAll(err.Error(), "\n", "; ")})
	}
	return v
}

// silence is how long a service that is there never takes to ask for messages.
const silence = 10 * time.Second

// The services.
const (
	theOrder     = "order"
	theInventory = "inventory"
	thePayment   = "payment"
	theGateway   = "gateway"
)

// waits goes along the order's way to the first who owes an answer, or has given
// one that did not arrive.
func (a asked) waits(channels []client.Channel) []wait {
	channels = ofPriority(a.order.Priority, channels)
	switch {
	case len(a.silent) > 0:
		return a.silent
	case len(a.letters) > 0:
		return a.dead()
	case a.order.Status == client.Cancelled:
		var all []wait
		for _, missing := range a.order.WaitsFor {
			if missing == theInventory {
				all = append(all, a.stockBack(channels))
			} else {
				all = append(all, a.moneyBack(channels))
			}
		}
		return all
	case a.order.Status == client.Confirmed && a.reserved("committed"):
		return []wait{answered(theInventory, "INVENTORY", channels)}
	case a.order.Status == client.Confirmed, a.reservation == nil:
		return []wait{unheard(theInventory, "ORDERS", channels)}
	case !a.reserved("reserved"):
		return []wait{answered(theInventory, "INVENTORY", channels)}
	case a.payment == nil && a.closedTo() != "":
		return []wait{{theGateway, "the charge has yet to begin: " + a.closedTo()}}
	case a.payment == nil:
		return []wait{unheard(thePayment, "INVENTORY", channels)}
	case a.paid("charging", "charging_dead"):
		return []wait{a.unanswered("the charge")}
	}
	return []wait{answered(thePayment, "PAYMENTS", channels)}
}

// ofPriority returns the channels on which orders of a priority travel.
func ofPriority(priority string, channels []client.Channel) []client.Channel {
	return slices.DeleteFunc(slices.Clone(channels), func(c client.Channel) bool { return c.Priority != priority })
}

// dead lists the dead letters of the order.
func (a asked) dead() []wait {
	all := make([]wait, len(a.letters))
	for i, l := range a.letters {
		all[i] = wait{l.Service, fmt.Sprintf("%s is a dead letter there: see orderly dlq show %s", l.Type, l.ID)}
	}
	return all
}

func (a asked) stockBack(channels []client.Channel) wait {
	if a.reserved("released", "dead") {
		return answered(theInventory, "INVENTORY", channels)
	}
	return unheard(theInventory, "ORDERS", channels)
}

func (a asked) moneyBack(channels []client.Channel) wait {
	switch {
	case a.paid("charging_dead"):
		return a.unanswered("the charge")
	case a.paid("refunding"):
		return a.unanswered("the refund")
	case a.paid("failed", "dead", "refunded"):
		return answered(thePayment, "PAYMENTS", channels)
	}
	return unheard(thePayment, "ORDERS", channels)
}

func (a asked) reserved(states ...string) bool {
	return a.reservation != nil && slices.Contains(states, a.reservation.State)
}

func (a asked) paid(states ...string) bool {
	return a.payment != nil && slices.Contains(states, a.payment.State)
}

func (a asked) unanswered(call string) wait {
	why := fmt.Sprintf("no answer to %s since %s, ", call, a.payment.UpdatedAt.Format(time.TimeOnly))
	if closed := a.closedTo(); closed != "" {
		return wait{theGateway, why + closed}
	}
	return wait{theGateway, why + "it is called again"}
}

// closedTo says since when payment makes no calls, "" if it does.
func (a asked) closedTo() string {
	g := a.gateway
	if g == nil || g.State == "closed" {
		return ""
	}
	return fmt.Sprintf("the breaker is %s since %s, see orderly gateway show", strings.ReplaceAll(g.State, "_", " "), g.Since.Format(time.TimeOnly))
}

// unheard is for a service that has not heard what it has to answer.
func unheard(service, stream string, channels []client.Channel) wait {
	if why := blocked(service, stream, channels); why != "" {
		return wait{service, why}
	}
	return wait{service, "what it has to answer did not arrive"}
}

// answered is for an answer that the order has not heard.
func answered(service, stream string, channels []client.Channel) wait {
	if why := blocked(theOrder, stream, channels); why != "" {
		return wait{theOrder, "it has yet to hear the answer of " + service + ": " + why}
	}
	return wait{theOrder, "the answer of " + service + " did not arrive"}
}

// blocked says what holds up a service that reads a stream, "" if nothing does.
func blocked(service, stream string, channels []client.Channel) string {
	for _, c := range channels {
		if c.Service != service || c.Stream != stream {
			continue
		}
		switch {
		case !c.Exists:
			return fmt.Sprintf("nobody listens, there is no consumer %s", c.Consumer)
		case c.Pulls == 0 && time.Since(c.Delivered) > silence:
			return fmt.Sprintf("nobody takes messages from %s: %d wait, %d were given to somebody who did not finish", c.Consumer, c.Waiting, c.InHand)
		case c.Waiting > 0:
			return fmt.Sprintf("%d messages wait at %s, the oldest for %s", c.Waiting, c.Consumer, c.Lag)
		}
	}
	return ""
}
