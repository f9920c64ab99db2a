package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/pgtest"
	"orderly/internal/verify"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = time.Minute

// The versions of orders.created that a service may be told to say and to read.
func only(version int) app.Versions {
	return app.Versions{Publish: map[string][]int{events.NameOrderCreated: {version}}, Read: map[string]int{events.NameOrderCreated: version}}
}

func both(read int) app.Versions {
	return app.Versions{Publish: map[string][]int{events.NameOrderCreated: {1, 2}}, Read: map[string]int{events.NameOrderCreated: read}}
}

// fleet is two replicas of each service, and customers.
type fleet struct {
	t        *testing.T
	bus      *natsbus.Conn // the test's own
	replicas map[string][2]*replica

	customers sync.WaitGroup
	leave     context.CancelFunc
	mu        sync.Mutex // guards placed
	placed    []string
}

// start starts a fleet and lets the customers in.
func start(t *testing.T, v app.Versions) *fleet {
	t.Helper()
	server := natstest.Start(t)
	f := &fleet{t: t, bus: natstest.Connect(t, server), replicas: make(map[string][2]*replica)}
	t.Cleanup(f.stop)
	for _, service := range []string{app.OrderService, app.InventoryService, app.PaymentService} {
		dsn := pgtest.DSN(t)
		pair := [2]*replica{}
		for i := range pair {
			pair[i] = &replica{service: service, dsn: dsn, broker: server.ConnectOption()}
		}
		f.replicas[service] = pair
		f.roll(v, service)
	}
	f.stock()
	f.open()
	return f
}

func (f *fleet) stop() {
	var all sync.WaitGroup
	for _, pair := range f.replicas {
		for _, r := range pair {
			all.Go(func() { r.stop(f.t) })
		}
	}
	all.Wait()
}

// roll has both replicas of services become another version's, one after the other.
func (f *fleet) roll(v app.Versions, services ...string) {
	f.t.Helper()
	for _, service := range services {
		for _, r := range f.replicas[service] {
			r.become(f.t, v)
			f.work()
		}
	}
}

// ask sends a request to a replica of a service that is not being replaced.
func (f *fleet) ask(service string, do func(*client.Client) error) {
	f.t.Helper()
	for _, r := range f.replicas[service] {
		if r.mu.TryRLock() {
			defer r.mu.RUnlock()
			if err := do(r.client); err != nil {
				f.t.Errorf("%s: %v", service, err)
			}
			return
		}
	}
	f.t.Errorf("no replica of %s is there", service)
}

const mugPrice = 1250

func (f *fleet) stock() {
	f.t.Helper()
	f.ask(app.InventoryService, func(c *client.Client) error {
		if err := c.PutProduct(f.t.Context(), client.Product{ProductID: "MUG", Name: "Mug", Currency: "EUR", UnitPriceMinor: mugPrice}); err != nil {
			return err
		}
		_, err := c.AdjustStock(f.t.Context(), "delivery", "MUG", 1_000_000, "delivery")
		return err
	})
}

// plain is an order that version 1 says in full, rich one that it cannot.
const (
	plain = `{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":2}]}`
	rich  = `{"customer_id":"c","customer_country":"GB","channel":"app","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":2,"unit_price":1250}]}`
)

// place places an order and returns its id.
func (f *fleet) place(key, body string) (id string) {
	f.t.Helper()
	f.ask(app.OrderService, func(c *client.Client) error {
		placed, err := c.Place(f.t.Context(), key, json.RawMessage(body))
		id = placed.OrderID
		return err
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.placed = append(f.placed, id)
	return id
}

// open lets the customers in: each asks once, and no request may fail.
func (f *fleet) open() {
	const customers, pause = 2, 20 * time.Millisecond
	ctx, leave := context.WithCancel(f.t.Context())
	f.leave = leave
	f.t.Cleanup(func() { leave(); f.customers.Wait() })
	for customer := range customers {
		f.customers.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				f.place(fmt.Sprintf("%d-%d", customer, n), [2]string{plain, rich}[n%2])
				<-tick.C
			}
		})
	}
}

// work waits until some orders have come in since it was called.
func (f *fleet) work() {
	f.t.Helper()
	if f.leave == nil {
		return // the customers are not there yet
	}
	const some = 6
	before := len(f.accepted())
	f.eventually("orders come in", func() bool { return len(f.accepted()) >= before+some })
}

// settle waits until the orders that were placed until now have ended.
func (f *fleet) settle() {
	f.t.Helper()
	until := f.accepted()
	f.eventually("the orders end", func() bool {
		open := 0
		f.ask(app.OrderService, func(c *client.Client) error {
			for _, status := range []string{"pending", "reserved"} {
				for o, err := range c.Orders(f.t.Context(), status, "") {
					if err != nil {
						return err
					}
					if slices.Contains(until, o.OrderID) {
						open++
					}
				}
			}
			return nil
		})
		return open == 0
	})
}

// accepted are the orders that were placed until now.
func (f *fleet) accepted() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.placed
}

func (f *fleet) eventually(what string, so func() bool) {
	f.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(deadline) {
			f.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// finish lets the customers go and holds the promises: each order has one end, the
// books are right, nothing was tried in vain, and nothing waits for a reader.
func (f *fleet) finish(durables ...string) {
	f.t.Helper()
	f.leave()
	f.customers.Wait()
	url := func(service string) string { return f.replicas[service][0].process.URL() }
	report, err := verify.Run(f.t.Context(), verify.Options{
		URL: url(app.OrderService), InventoryURL: url(app.InventoryService), PaymentURL: url(app.PaymentService),
		Wait: patience, Grace: time.Millisecond,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	if !report.Clean() || report.Open > 0 || report.Orders != len(f.placed) {
		f.t.Errorf("of %d orders %d are known, %d confirmed, %d open, findings: %v",
			len(f.placed), report.Orders, report.Confirmed, report.Open, report.Findings)
	}
	f.t.Logf("%d orders, %d confirmed, %d cancelled", report.Orders, report.Confirmed, report.Cancelled)
	for service, pair := range f.replicas {
		for _, table := range []string{"engine_attempts", "engine_dead_letters"} {
			var n int
			if err := pair[0].db.Reader().QueryRowContext(f.t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n > 0 {
				f.t.Errorf("%s has %d rows in %s, %v: want none", service, n, table, err)
			}
		}
	}
	for _, durable := range durables {
		f.eventually(durable+" has nothing waiting", func() bool {
			c, err := f.bus.JetStream().Consumer(f.t.Context(), app.StreamOrders, durable)
			return err == nil && c.CachedInfo().NumPending == 0 && c.CachedInfo().NumAckPending == 0
		})
	}
}
