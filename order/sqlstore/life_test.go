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
	"orderly/internal/storetest"
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
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		n := 0
		for name, life := range lives() {
			t.Run(name, func(t *testing.T) {
				n += 2
				alone, together := n, n+1
				var batch []any
				for _, turn := range life {
					a := r.Tell(t, turn.tell(alone))
					storetest.Want(t, turn.name+" says", a.Says(), turn.says)
					storetest.Want(t, "after "+turn.name, stand(t, r, alone), turn.stand)
					batch = append(batch, turn.tell(together))
				}
				r.Do(t, batch...)
				storetest.Want(t, "all in one batch", stand(t, r, together), life[len(life)-1].stand)
				storetest.Want(t, "history", history(t, r, together), history(t, r, alone))
			})
		}
	})
}

func TestOrder_history_names_causes(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, place(1), reserved(1))
		r.Do(t, captured(1))
		r.Do(t, committed(1))
		storetest.Want(t, "history", history(t, r, 1), []string{
			"orders.created <- request",
			"inventory.reserved <- cause of inventory.reserved",
			"payments.captured <- cause of payments.captured",
			"orders.confirmed <- payments.captured",
			"inventory.committed <- cause of inventory.committed",
		})
		r.Do(t, place(2))
		r.Later(time.Hour).Do(t, tick(2))
		storetest.Want(t, "history", history(t, r, 2), []string{"orders.created <- request", "orders.cancelled <- clock"})
		entries, err := store(r).History(t.Context(), id(1))
		if err != nil {
			t.Fatal(err)
		}
		storetest.Want(t, "id", entries[1].ID, storetest.EventID(reserved(1)))
		data, err := json.Marshal(reserved(1))
		if err != nil {
			t.Fatal(err)
		}
		storetest.Want(t, "data", string(entries[1].Data), string(data))
		storetest.Want(t, "version", entries[1].Version, 1)
		storetest.Want(t, "time", entries[0].At, get(t, r, 1).CreatedAt)
		if _, err := store(r).History(t.Context(), id(3)); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("got %v for an order that is not there, want ErrNotFound", err)
		}
	})
}

// G4: an event that is heard again, a month later or in the same batch, changes
// no row.
func TestOrder_hears_again_without_effect(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		n := 0
		for name, life := range lives() {
			t.Run(name, func(t *testing.T) {
				n++
				var told []any
				for _, turn := range life {
					told = append(told, turn.tell(n))
				}
				r.Do(t, told...)
				before, past := get(t, r, n), history(t, r, n)
				told = slices.DeleteFunc(told, func(body any) bool { _, event := body.(events.Event); return !event })
				told = append(told, told...)
				for i, a := range r.Later(month).Do(t, told...) {
					storetest.Want(t, "refusal", a.Err, nil)
					says := "[]"
					if _, rejected := told[i].(events.InventoryRejected); rejected {
						says = "[orders.cancelled]" // G5: it may never have been published
					}
					storetest.Want(t, "events", a.Says(), says)
				}
				if after := get(t, r, n); !reflect.DeepEqual(after, before) {
					t.Errorf("got %+v, was %+v", after, before)
				}
				storetest.Want(t, "history", history(t, r, n), past)
			})
		}
	})
}

func TestOrder_keeps_what_was_asked_for(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		p := place(1)
		a := r.Tell(t, p)
		o := get(t, r, 1)
		if !reflect.DeepEqual(o.Request, p.Request) || o.Lines != nil {
			t.Errorf("got %+v with lines %v, want %+v without", o.Request, o.Lines, p.Request)
		}
		storetest.Want(t, "customer and so on", []string{o.CustomerID, o.Currency, o.Lane, o.CorrelationID}, []string{"c-1", "EUR", storetest.Lane, "story"})
		storetest.Want(t, "answer", a.Reply, order.Accepted{OrderID: id(1), CreatedAt: o.CreatedAt})
		storetest.Want(t, "deadline", o.Deadline, o.CreatedAt.Add(order.DefaultPolicy().Deadline))
		e := a.Events[0]
		storetest.Want(t, "event", []any{e.ID, e.Lane, e.CorrelationID, e.Subject, e.Time}, []any{storetest.EventID(e.Payload.(events.Event)), storetest.Lane, "story", id(1), o.CreatedAt})

		r.Do(t, reserved(1))
		o = get(t, r, 1)
		storetest.Want(t, "lines", o.Lines, reserved(1).(events.InventoryReserved).Items)
		storetest.Want(t, "total", o.TotalMinor, 2000)
		if _, err := store(r).Get(t.Context(), id(2)); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("got %v for an order that is not there, want ErrNotFound", err)
		}
	})
}

func TestOrder_largest(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		p := place(1)
		p.Request.Items = items(order.MaxLines)
		r.Tell(t, p)
		if got := get(t, r, 1).Request.Items; !reflect.DeepEqual(got, p.Request.Items) {
			t.Errorf("got %d lines, want the %d that were asked for", len(got), order.MaxLines)
		}
		a := r.Later(time.Minute).Tell(t, tick(1))
		if got := a.Events[0].Payload; !reflect.DeepEqual(got.(events.OrderCreatedV2).Items, p.Request.Items) {
			t.Error("the announcement has other lines than were asked for")
		}
	})
}

// G4: a key is recognised in the same batch, later, and a month later.
func TestPlace_again_with_the_same_key(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		again := func(n int, hash string) order.Place {
			p := place(1)
			p.ID, p.RequestHash = id(n), hash
			return p
		}
		answers := r.Do(t, place(1), again(2, "hash"), again(3, "other"))
		created := get(t, r, 1).CreatedAt
		replayed := order.Accepted{OrderID: id(1), CreatedAt: created, Replayed: true}
		storetest.Want(t, "first", answers[0].Reply, order.Accepted{OrderID: id(1), CreatedAt: created})
		storetest.Want(t, "in the same batch", answers[1].Reply, replayed)
		storetest.WantRefused(t, answers[2], order.ErrKeyReused)
		for _, r := range []storetest.Replica{r, r.Later(month), d.Replica(t)} {
			answers := r.Do(t, again(4, "hash"), again(5, "other"))
			storetest.Want(t, "later", answers[0].Reply, replayed)
			storetest.Want(t, "events", answers[0].Says(), "[]")
			storetest.WantRefused(t, answers[1], order.ErrKeyReused)
		}
		storetest.Want(t, "orders", storetest.Rows(t, r.DB, "SELECT id FROM orders"), "["+id(1)+"]")
		storetest.Want(t, "open", storetest.Rows(t, r.DB, "SELECT id FROM open_orders"), "["+id(1)+"]")

		other := place(6)
		other.CustomerID, other.IdempotencyKey = "c-2", place(1).IdempotencyKey
		storetest.Want(t, "key of another customer", r.Tell(t, other).Reply.(order.Accepted).Replayed, false)
		keyless := place(7)
		keyless.IdempotencyKey = ""
		keyless2 := keyless
		keyless2.ID = id(8)
		for _, a := range r.Do(t, keyless, keyless2) {
			storetest.Want(t, "without a key", a.Reply.(order.Accepted).Replayed, false)
		}
	})
}

func TestCancel_refusals(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, place(1), captured(1), place(2))
		past := history(t, r, 1)
		answers := r.Do(t, cancel(1), cancel(3), cancel(2), cancel(2))
		storetest.WantRefused(t, answers[0], order.ErrTooLate)
		storetest.WantRefused(t, answers[1], order.ErrNotFound)
		storetest.Want(t, "reply", answers[2].Reply.(order.Order).Status, order.Cancelled)
		storetest.Want(t, "again", answers[3].Reply.(order.Order).Status, order.Cancelled)
		storetest.Want(t, "says again", answers[3].Says(), "[]")
		storetest.Want(t, "history of the refused", history(t, r, 1), past)
	})
}

// G6: what is impossible is refused and leaves no trace, and its company in the
// batch does not notice.
func TestDecide_refuses_the_impossible(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, place(1), reserved(1), place(2))
		before := get(t, r, 1)
		wrong := captured(1).(events.PaymentCaptured)
		wrong.AmountMinor++
		answers := r.Do(t, wrong, reserved(3), reserved(2), "text")
		storetest.WantRefused(t, answers[0], order.ErrImpossible)
		storetest.WantRefused(t, answers[1], order.ErrImpossible)
		storetest.Want(t, "company", answers[2].Err, nil)
		if answers[3].Err == nil {
			t.Error("a string was taken for an input")
		}
		if after := get(t, r, 1); !reflect.DeepEqual(after, before) {
			t.Errorf("got %+v, was %+v", after, before)
		}
		storetest.Want(t, "company", stand(t, r, 2), "reserved; in open_orders")
	})
}

func TestCommitted_tells_what_changed(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		var told []string
		r.Decider = sqlstore.New(r.DB, sqlstore.Config{Policy: order.DefaultPolicy(), Registry: r.Registry,
			Committed: func(before, after order.Order) {
				told = append(told, fmt.Sprintf("%s %q %q", after.ID[34:], before.Status, after.Status))
			}})
		r.Do(t, place(1), place(2), reserved(2))
		r.Do(t, reserved(1), reserved(2))
		r.Do(t, cancel(3))
		storetest.Want(t, "told", told, []string{`01 "" "pending"`, `02 "" "reserved"`, `01 "pending" "reserved"`})
	})
}

func TestBatch_of_nothing(t *testing.T) {
	t.Parallel()
	service.OnEach(t, storetest.WantNothingSaid)
}

// A batch takes as many statements for 200 orders as for one.
func TestBatch_statements_do_not_grow(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r, spy := d.Spied(t)
		spy.WantSteady(t, r.Later(time.Minute),
			storetest.Step{Name: "place", Tell: func(n int) any { return place(n) }, Most: 7},
			storetest.Step{Name: "reserved", Tell: hears(reserved), Most: 4},
			storetest.Step{Name: "tick", Tell: func(n int) any { return tick(n) }, Most: 5},
			storetest.Step{Name: "captured", Tell: hears(captured), Most: 6},
			storetest.Step{Name: "committed", Tell: hears(committed), Most: 5},
		)
		storetest.Want(t, "closed", len(storetest.Rows(t, r.DB, "SELECT id FROM open_orders")), 0)
		storetest.Want(t, "ended", len(storetest.Rows(t, r.DB, "SELECT id FROM ended_orders")), 201)
	})
}
