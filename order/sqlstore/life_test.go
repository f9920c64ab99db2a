package sqlstore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"orderly/events"
	"orderly/order"
	"orderly/order/sqlstore"
)

// turn is one input of an order's life and what becomes of it.
type turn struct {
	name  string
	tell  func(n int) any
	says  []string
	stand string
}

func hears(e func(int) events.Event) func(int) any { return func(n int) any { return e(n) } }

var (
	isPlaced    = turn{"place", func(n int) any { return place(n) }, []string{"orders.created"}, "pending; in open_orders"}
	isReserved  = turn{"reserved", hears(reserved), nil, "reserved; in open_orders"}
	isCancelled = turn{"cancel", func(n int) any { return cancel(n) }, []string{"orders.cancelled"}, "cancelled customer; in open_orders; ended cancelled"}
)

func lives() map[string][]turn {
	confirms := []string{"orders.confirmed"}
	cancels := []string{"orders.cancelled"}
	return map[string][]turn{
		"confirmed": {isPlaced, isReserved,
			{"captured", hears(captured), confirms, "confirmed; in open_orders; ended confirmed"},
			{"committed", hears(committed), nil, "confirmed closed; ended confirmed"},
		},
		"captured before reserved": {isPlaced,
			{"captured", hears(captured), confirms, "confirmed; in open_orders; ended confirmed"},
			{"committed", hears(committed), nil, "confirmed; in open_orders; ended confirmed"},
			{"reserved", hears(reserved), nil, "confirmed closed; ended confirmed"},
		},
		"rejected": {isPlaced,
			{"rejected", hears(rejected), cancels, "cancelled out_of_stock closed; ended cancelled"},
		},
		"declined": {isPlaced, isReserved,
			{"failed", hears(failed), cancels, "cancelled payment_declined; in open_orders; ended cancelled"},
			{"released", hears(released), nil, "cancelled payment_declined closed; ended cancelled"},
		},
		"cancelled": {isPlaced, isReserved, isCancelled,
			{"refunded", hears(refunded), nil, "cancelled customer; in open_orders; ended cancelled"},
			{"released", hears(released), nil, "cancelled customer closed; ended cancelled"},
		},
	}
}

// G1, G5: what an order is told, one thing after the other or all in one batch,
// moves its row, its history and its place in the lists together.
func TestOrder_lives(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		n := 0
		for name, life := range lives() {
			t.Run(name, func(t *testing.T) {
				n += 2
				alone, together := n, n+1
				var batch []any
				for _, turn := range life {
					a := r.tell(t, turn.tell(alone))
					want(t, turn.name+" says", a.says(), turn.says)
					want(t, "after "+turn.name, stand(t, r, alone), turn.stand)
					batch = append(batch, turn.tell(together))
				}
				r.do(t, batch...)
				want(t, "all in one batch", stand(t, r, together), life[len(life)-1].stand)
				want(t, "history", history(t, r, together), history(t, r, alone))
			})
		}
	})
}

func TestOrder_history_names_causes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		r.do(t, place(1), reserved(1))
		r.do(t, captured(1))
		r.do(t, committed(1))
		want(t, "history", history(t, r, 1), []string{
			"orders.created <- request",
			"inventory.reserved <- cause of inventory.reserved",
			"payments.captured <- cause of payments.captured",
			"orders.confirmed <- payments.captured",
			"inventory.committed <- cause of inventory.committed",
		})
		r.do(t, place(2))
		r.later(time.Hour).do(t, tick(2))
		want(t, "history", history(t, r, 2), []string{"orders.created <- request", "orders.cancelled <- clock"})
		entries, err := store(r).History(t.Context(), id(1))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "id", entries[1].ID, eventID(reserved(1)))
		data, err := json.Marshal(reserved(1))
		if err != nil {
			t.Fatal(err)
		}
		want(t, "data", string(entries[1].Data), string(data))
		want(t, "version", entries[1].Version, 1)
		want(t, "time", entries[0].At, get(t, r, 1).CreatedAt)
		if _, err := store(r).History(t.Context(), id(3)); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("got %v for an order that is not there, want ErrNotFound", err)
		}
	})
}

// G4: an event that is heard again, a month later or in the same batch, changes
// no row.
func TestOrder_hears_again_without_effect(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		n := 0
		for name, life := range lives() {
			t.Run(name, func(t *testing.T) {
				n++
				var told []any
				for _, turn := range life {
					told = append(told, turn.tell(n))
				}
				r.do(t, told...)
				before, past := get(t, r, n), history(t, r, n)
				told = slices.DeleteFunc(told, func(body any) bool { _, event := body.(events.Event); return !event })
				for _, a := range r.later(month).do(t, append(told, told...)...) {
					want(t, "refusal", a.err, nil)
					want(t, "events", a.says(), "[]")
				}
				if after := get(t, r, n); !reflect.DeepEqual(after, before) {
					t.Errorf("got %+v, was %+v", after, before)
				}
				want(t, "history", history(t, r, n), past)
			})
		}
	})
}

func TestOrder_keeps_what_was_asked_for(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		p := place(1)
		a := r.tell(t, p)
		o := get(t, r, 1)
		if !reflect.DeepEqual(o.Request, p.Request) || o.Lines != nil {
			t.Errorf("got %+v with lines %v, want %+v without", o.Request, o.Lines, p.Request)
		}
		want(t, "customer and so on", []string{o.CustomerID, o.Currency, o.Lane, o.CorrelationID}, []string{"c-1", "EUR", lane, "story"})
		want(t, "answer", a.Reply, order.Accepted{OrderID: id(1), CreatedAt: o.CreatedAt})
		want(t, "deadline", o.Deadline, o.CreatedAt.Add(order.DefaultPolicy().Deadline))
		e := a.Events[0]
		want(t, "event", []any{e.ID, e.Lane, e.CorrelationID, e.Subject, e.Time}, []any{eventID(e.Payload.(events.Event)), lane, "story", id(1), o.CreatedAt})

		r.do(t, reserved(1))
		o = get(t, r, 1)
		want(t, "lines", o.Lines, reserved(1).(events.InventoryReserved).Items)
		want(t, "total", o.TotalMinor, 2000)
		if _, err := store(r).Get(t.Context(), id(2)); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("got %v for an order that is not there, want ErrNotFound", err)
		}
	})
}

func TestOrder_largest(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		p := place(1)
		p.Request.Items = items(order.MaxLines)
		r.tell(t, p)
		if got := get(t, r, 1).Request.Items; !reflect.DeepEqual(got, p.Request.Items) {
			t.Errorf("got %d lines, want the %d that were asked for", len(got), order.MaxLines)
		}
		a := r.later(time.Minute).tell(t, tick(1))
		if got := a.Events[0].Payload; !reflect.DeepEqual(got.(events.OrderCreated).Items, p.Request.Items) {
			t.Error("the announcement has other lines than were asked for")
		}
	})
}

// G4: a key is recognised in the same batch, later, and a month later.
func TestPlace_again_with_the_same_key(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		again := func(n int, hash string) order.Place {
			p := place(1)
			p.ID, p.RequestHash = id(n), hash
			return p
		}
		answers := r.do(t, place(1), again(2, "hash"), again(3, "other"))
		created := get(t, r, 1).CreatedAt
		replayed := order.Accepted{OrderID: id(1), CreatedAt: created, Replayed: true}
		want(t, "first", answers[0].Reply, order.Accepted{OrderID: id(1), CreatedAt: created})
		want(t, "in the same batch", answers[1].Reply, replayed)
		wantRefused(t, answers[2], order.ErrKeyReused)
		for _, r := range []replica{r, r.later(month), serve(t, d.open(t))} {
			answers := r.do(t, again(4, "hash"), again(5, "other"))
			want(t, "later", answers[0].Reply, replayed)
			want(t, "events", answers[0].says(), "[]")
			wantRefused(t, answers[1], order.ErrKeyReused)
		}
		want(t, "orders", rows(t, r.db, "SELECT id FROM orders"), "["+id(1)+"]")
		want(t, "open", rows(t, r.db, "SELECT id FROM open_orders"), "["+id(1)+"]")

		other := place(6)
		other.CustomerID, other.IdempotencyKey = "c-2", place(1).IdempotencyKey
		want(t, "key of another customer", r.tell(t, other).Reply.(order.Accepted).Replayed, false)
		keyless := place(7)
		keyless.IdempotencyKey = ""
		keyless2 := keyless
		keyless2.ID = id(8)
		for _, a := range r.do(t, keyless, keyless2) {
			want(t, "without a key", a.Reply.(order.Accepted).Replayed, false)
		}
	})
}

func TestCancel_refusals(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		r.do(t, place(1), captured(1), place(2))
		past := history(t, r, 1)
		answers := r.do(t, cancel(1), cancel(3), cancel(2), cancel(2))
		wantRefused(t, answers[0], order.ErrTooLate)
		wantRefused(t, answers[1], order.ErrNotFound)
		want(t, "reply", answers[2].Reply.(order.Order).Status, order.Cancelled)
		want(t, "again", answers[3].Reply.(order.Order).Status, order.Cancelled)
		want(t, "says again", answers[3].says(), "[]")
		want(t, "history of the refused", history(t, r, 1), past)
	})
}

// G6: what is impossible is refused and leaves no trace, and its company in the
// batch does not notice.
func TestDecide_refuses_the_impossible(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		r.do(t, place(1), reserved(1), place(2))
		before := get(t, r, 1)
		wrong := captured(1).(events.PaymentCaptured)
		wrong.AmountMinor++
		answers := r.do(t, wrong, reserved(3), reserved(2), "text")
		wantRefused(t, answers[0], order.ErrImpossible)
		wantRefused(t, answers[1], order.ErrImpossible)
		want(t, "company", answers[2].err, nil)
		if answers[3].err == nil {
			t.Error("a string was taken for an input")
		}
		if after := get(t, r, 1); !reflect.DeepEqual(after, before) {
			t.Errorf("got %+v, was %+v", after, before)
		}
		want(t, "company", stand(t, r, 2), "reserved; in open_orders")
	})
}

func TestCommitted_tells_what_changed(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		var told []string
		r.decider = sqlstore.New(r.db, sqlstore.Config{Policy: order.DefaultPolicy(), Registry: r.registry,
			Committed: func(before, after order.Order) {
				told = append(told, fmt.Sprintf("%s %q %q", after.ID[34:], before.Status, after.Status))
			}})
		r.do(t, place(1), place(2), reserved(2))
		r.do(t, reserved(1), reserved(2))
		r.do(t, cancel(3))
		want(t, "told", told, []string{`01 "" "pending"`, `02 "" "reserved"`, `01 "pending" "reserved"`})
	})
}

func TestBatch_of_nothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		statements := spy.during(func() { r.do(t) })
		if d.name == "postgres" {
			statements = statements[1:] // the clock
		}
		if len(statements) != 0 {
			t.Errorf("got %v, want no statement", statements)
		}
	})
}

// A batch takes as many statements for 200 orders as for one.
func TestBatch_statements_do_not_grow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		steps := []struct {
			name string
			tell func(n int) any
			most int // statements, with the clock
		}{
			{"place", func(n int) any { return place(n) }, 7},
			{"reserved", hears(reserved), 4},
			{"tick", func(n int) any { return tick(n) }, 5},
			{"captured", hears(captured), 6},
			{"committed", hears(committed), 5},
		}
		for _, step := range steps {
			var counts [2]int
			for i, size := range []int{1, 200} {
				var bodies []any
				for n := range size {
					bodies = append(bodies, step.tell(1000*i+n))
				}
				counts[i] = len(spy.during(func() { r.later(time.Minute).do(t, bodies...) }))
			}
			if counts[0] != counts[1] || counts[0] > step.most {
				t.Errorf("%s: %d statements for one order, %d for 200; want the same, at most %d", step.name, counts[0], counts[1], step.most)
			}
		}
		want(t, "closed", len(rows(t, r.db, "SELECT id FROM open_orders")), 0)
		want(t, "ended", len(rows(t, r.db, "SELECT id FROM ended_orders")), 201)
	})
}
