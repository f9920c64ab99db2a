package crash

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/internal/app"
	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/payment/sqlstore"
	"orderly/pkg/event"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/natsembed"
	"orderly/pkg/sqldb"
)

const (
	total    = 1980
	patience = time.Minute
)

// hears are payment's consumers, by stream.
func hears() map[string]string {
	return map[string]string{"INVENTORY": "reserved", "ORDERS": "cancelled"}
}

// lane is a broker, a database and a gateway of its own, on which one story after
// the other is lived through.
type lane struct {
	name     string
	outcome  string
	story    story
	server   *natsembed.Server
	db       *sqldb.DB
	registry *event.Registry
	ledger   *gateway.Simulated
	js       jetstream.JetStream // the other services'
	orders   int
	redriven int
	graves   *sync.WaitGroup // dead processes whose goroutines have yet to end: a pull takes two seconds to notice
}

func newLane(t *testing.T, db *sqldb.DB, outcome string, s story, graves *sync.WaitGroup) *lane {
	t.Helper()
	l := &lane{name: outcome + ", " + s.name, outcome: outcome, story: s, server: natstest.Start(t), db: db, graves: graves}
	l.js = natstest.Connect(t, l.server).JetStream()
	ok(t, db.Migrate(t.Context(), sqlstore.Schema()))
	var err error
	l.registry, err = app.NewRegistry()
	ok(t, err)
	l.ledger, err = gateway.New(t.Context(), db, gateway.Settings{})
	ok(t, err)
	for stream, subject := range map[string]string{"ORDERS": "orders.>", "INVENTORY": "inventory.>", "PAYMENTS": "payments.>", "DLQ": "dlq.>"} {
		_, err := l.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: stream, Subjects: []string{subject}, Storage: jetstream.MemoryStorage})
		ok(t, err)
	}
	for stream, consumer := range hears() {
		ok(t, l.consume(t.Context(), stream, consumer, 1))
	}
	return l
}

func (l *lane) consume(ctx context.Context, stream, consumer string, from uint64) error {
	_, err := l.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute, MaxDeliver: -1,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from,
	})
	return err
}

// redeliver is the end of the ack wait: what a dead process had and did not
// acknowledge comes again.
func (l *lane) redeliver(ctx context.Context) error {
	for stream, name := range hears() {
		c, err := l.js.Consumer(ctx, stream, name)
		if err != nil {
			return err
		}
		if err := l.js.DeleteConsumer(ctx, stream, name); err != nil {
			return err
		}
		if err := l.consume(ctx, stream, name, c.CachedInfo().AckFloor.Stream+1); err != nil {
			return err
		}
	}
	return nil
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// play lives through the story of a new order, with a death at a step, or none if
// it is 0, and returns the steps of its first life.
func (l *lane) play(ctx context.Context, dieAt int) (steps int, err error) {
	l.orders++
	o := &order{lane: l, id: event.DeriveID(l.name, fmt.Sprint(l.orders))}
	g := strange{Gateway: l.ledger, fault: outcomes()[l.outcome], nonsense: l.outcome == "nonsense", calls: &atomic.Int64{}}
	if err := l.redeliver(ctx); err != nil { // nothing goes to the lives of the order before
		return 0, err
	}
	p, err := l.begin(g, dieAt)
	if err != nil {
		return 0, err
	}
	o.life = p
	defer func() { // whichever life is the last
		o.life.end()
		if err != nil {
			err = fmt.Errorf("%s, dies at step %d: %w", l.name, dieAt, err)
		}
	}()
	o.revive = func() (*life, error) { return l.begin(g, 0) }
	if err := l.story.tell(ctx, o); err != nil {
		return 0, err
	}
	if err := o.await(ctx, "all is acknowledged", o.drained); err != nil {
		return 0, err
	}
	if o.judge(ctx, l.story.ends) != nil {
		if err := o.redrive(ctx); err != nil {
			return 0, err
		}
	}
	return p.end(), o.judge(ctx, l.story.ends)
}

// order is the order that a story is about.
type order struct {
	*lane
	id     string
	life   *life
	revive func() (*life, error)
	last   events.Event // that payment was told
}

// redrive is what the order service does for an order that is not closed: its last
// event is told again. Payment needs it where two events of an order met in two
// calls, and the one that was left with the work was acknowledged by the other.
func (o *order) redrive(ctx context.Context) error {
	o.redriven++
	if err := o.say(ctx, o.last); err != nil {
		return err
	}
	return o.await(ctx, "all is acknowledged again", o.drained)
}

func (o *order) reserved(ctx context.Context) error {
	card := "pm_card_visa"
	if o.outcome == "decline" {
		card = "pm_card_chargeDeclined"
	}
	return o.say(ctx, events.InventoryReserved{OrderID: o.id, Currency: "EUR", TotalMinor: total, PaymentMethod: card,
		Items: []events.PricedItem{{ProductID: "MUG", Quantity: 2, UnitPriceMinor: total / 2}}})
}

func (o *order) cancelled(ctx context.Context) error {
	return o.say(ctx, events.OrderCancelled{OrderID: o.id, Reason: events.ReasonCustomer})
}

func (o *order) say(ctx context.Context, payload events.Event) error {
	o.last = payload
	e := event.Event{ID: event.DeriveID(o.id, payload.EventName()), Source: "test", Name: payload.EventName(), Subject: o.id, Payload: payload}
	if err := o.registry.Seal(&e); err != nil {
		return err
	}
	m := event.Alone(e, o.registry.Subject(e))
	_, err := o.js.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	return err
}

// await waits until yes, and gives the service its next life when it has died.
func (o *order) await(ctx context.Context, what string, yes func(context.Context) (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if o.life.died() {
			if err := o.redeliver(ctx); err != nil {
				return err
			}
			next, err := o.revive()
			if err != nil {
				return err
			}
			o.life = next
		}
		done, err := yes(ctx)
		if done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s", what)
		}
	}
}

func (o *order) drained(ctx context.Context) (bool, error) {
	for stream, name := range hears() {
		c, err := o.js.Consumer(ctx, stream, name)
		if err != nil {
			return false, err
		}
		s, err := o.js.Stream(ctx, stream)
		if err != nil {
			return false, err
		}
		if info := c.CachedInfo(); info.AckFloor.Stream != s.CachedInfo().State.LastSeq || info.NumAckPending > 0 {
			return false, nil
		}
	}
	return true, nil
}

// state returns the committed state of the payment.
func (o *order) state(ctx context.Context) (payment.Payment, error) {
	p, err := sqlstore.New(o.db, nil).Payment(ctx, o.id)
	if errors.Is(err, payment.ErrNotFound) {
		return payment.Payment{}, nil
	}
	return p, err
}

func (o *order) awaitState(ctx context.Context, want ...payment.State) error {
	return o.await(ctx, fmt.Sprintf("the payment is one of %q", want), func(ctx context.Context) (bool, error) {
		p, err := o.state(ctx)
		for _, s := range want {
			if p.State == s {
				return true, err
			}
		}
		return false, err
	})
}
