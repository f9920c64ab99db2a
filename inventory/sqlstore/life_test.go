package sqlstore_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/storetest"
	"orderly/inventory"
)

// turn is one event and what becomes of it, with ten mugs on the shelf before
// the first.
type turn struct {
	hears       events.Event
	says        string
	reservation string
	mug         string // on hand, available, reserved, sold
}

func lives(n int, mug string) map[string][]turn {
	reserves := turn{created(n, mug), "[inventory.reserved]", "[reserved 1000  ]", "10 8 2 0"}
	silent := func(t turn) turn {
		t.hears, t.says = created(n, mug), "[]"
		return t
	}
	releases := turn{cancelled(n), "[inventory.released]", "[released 1000  ]", "10 10 0 0"}
	commits := turn{confirmed(n, 1000), "[inventory.committed]", "[committed 1000  ]", "8 8 0 2"}
	dies := turn{cancelled(n), "[inventory.released]", "[dead 0  ]", "10 10 0 0"}
	rejects := turn{created(n, mug, "CUP"), "[inventory.rejected]", "[rejected 0 unknown_product CUP]", "10 10 0 0"}
	rejectedDies := dies
	rejectedDies.reservation = "[dead 0 unknown_product CUP]"
	reservesAgain := commits
	reservesAgain.hears, reservesAgain.says = created(n, mug), "[inventory.reserved]"
	return map[string][]turn{
		"sold":                      {reserves, reserves, commits, commits, reservesAgain},
		"given back":                {reserves, releases, releases, silent(releases)},
		"cancelled before it came":  {dies, dies, silent(dies)},
		"rejected":                  {rejects, rejects, rejectedDies, silent(rejectedDies)},
		"cancelled, never reserved": {dies},
	}
}

// G3, G4: each event moves the reservation and its products together, and gets
// the same answer a month later.
func TestReservation_lives(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		n := 0
		for name := range lives(0, "") {
			t.Run(name, func(t *testing.T) {
				n++
				stock(t, r, mug(n), 10)
				for _, turn := range lives(n, mug(n))[name] {
					for _, r := range []storetest.Replica{r, r.Later(month)} {
						a := r.Tell(t, turn.hears)
						if turn.reservation != reservation(t, r, n) || turn.mug != counts(t, r, mug(n)) || turn.says != fmt.Sprint(a.Says()) {
							t.Fatalf("%s: says %v, reservation %s, mugs %s; want %+v",
								turn.hears.EventName(), a.Says(), reservation(t, r, n), counts(t, r, mug(n)), turn)
						}
					}
				}
			})
		}
	})
}

func TestReservation_life_in_one_batch(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		stock(t, r, "MUG", 10)
		answers := r.Do(t,
			created(1, "MUG"), confirmed(1, 1000), created(1, "MUG"),
			created(2, "MUG"), cancelled(2), cancelled(2),
			cancelled(3), created(3, "MUG"),
			created(4, "CUP"), cancelled(4),
			created(5, "MUG"), created(5, "MUG"))
		var says []string
		for _, a := range answers {
			says = append(says, fmt.Sprint(a.Says()))
		}
		storetest.Want(t, "says", says, []string{
			"[inventory.reserved]", "[inventory.committed]", "[inventory.reserved]",
			"[inventory.reserved]", "[inventory.released]", "[inventory.released]",
			"[inventory.released]", "[]",
			"[inventory.rejected]", "[inventory.released]",
			"[inventory.reserved]", "[inventory.reserved]"})
		var found []string
		for n := 1; n <= 5; n++ {
			found = append(found, reservation(t, r, n))
		}
		storetest.Want(t, "reservations", found, []string{"[committed 1000  ]", "[released 1000  ]", "[dead 0  ]", "[dead 0 unknown_product CUP]", "[reserved 1000  ]"})
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "8 6 2 2")
		// What was reserved is there for the next batch, also where it began and ended in one.
		a := r.Tell(t, created(1, "MUG"))
		storetest.Want(t, "lines", a.Events[0].Payload.(events.InventoryReserved).Items, "[{MUG 2 500}]")
	})
}

// G3: an order gets all of its items or none, in a batch with others too.
func TestReservation_is_all_or_nothing(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		stock(t, r, "CUP", 5)
		stock(t, r, "MUG", 3)
		answers := r.Do(t, created(1, "CUP", "MUG"), created(2, "CUP", "MUG"), created(3, "CUP"))
		storetest.Want(t, "first", answers[0].Says(), "[inventory.reserved]")
		storetest.Want(t, "second", answers[1].Events[0].Payload, events.InventoryRejected{OrderID: id(2), Reason: events.ReasonOutOfStock, ProductID: "MUG"})
		storetest.Want(t, "third", answers[2].Says(), "[inventory.reserved]")
		storetest.Want(t, "cups", counts(t, r, "CUP"), "5 1 4 0")
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "3 1 2 0")
		storetest.Want(t, "id of the answer", answers[0].Events[0].ID, storetest.EventID(answers[0].Events[0].Payload.(events.Event)))
	})
}

// An order keeps the prices of the moment in which it was reserved.
func TestReservation_keeps_its_prices(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		stock(t, r, "MUG", 10)
		first := r.Tell(t, created(1, "MUG")).Events[0]
		r.Do(t, put("MUG", 900))
		again := r.Tell(t, created(1, "MUG")).Events[0]
		if !reflect.DeepEqual(again.Payload, first.Payload) || again.ID != first.ID {
			t.Errorf("got %+v, want %+v", again, first)
		}
		r.Do(t, confirmed(1, 1000))
		storetest.Want(t, "reservation", reservation(t, r, 1), "[committed 1000  ]")
		storetest.Want(t, "next order", r.Tell(t, created(2, "MUG")).Events[0].Payload.(events.InventoryReserved).TotalMinor, 1800)
	})
}

func TestReservation_of_a_thousand_lines(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const lines = 1000
		r := d.Replica(t)
		var setup []any
		var products []string
		for i := range lines {
			product := fmt.Sprintf("%062d é", i)[:62]
			products = append(products, product)
			setup = append(setup, put(product, 100), adjust(product, 4, "first"))
		}
		r.Do(t, setup...)
		slices.Reverse(products)
		storetest.Want(t, "says", r.Tell(t, created(1, products...)).Says(), "[inventory.reserved]")
		storetest.Want(t, "says", r.Tell(t, created(2, products...)).Says(), "[inventory.reserved]")
		storetest.Want(t, "says", r.Tell(t, created(3, products...)).Says(), "[inventory.rejected]")
		r.Do(t, cancelled(1), confirmed(2, 200*lines))
		storetest.Want(t, "products", storetest.Rows(t, r.DB, "SELECT count(*), sum(on_hand), sum(available), sum(reserved), sum(sold) FROM products"),
			[]string{fmt.Sprint(lines, 2*lines, 2*lines, 0, 2*lines)})
	})
}

// G6: what is impossible is refused and leaves no trace, and its company in the
// batch does not notice.
func TestDecide_refuses_the_impossible(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		stock(t, r, "MUG", 10)
		r.Do(t, created(1, "MUG"), confirmed(1, 1000))
		answers := r.Do(t, confirmed(2, 1000), cancelled(1), created(3, "MUG"), confirmed(3, 1000), "text")
		storetest.WantRefused(t, answers[0], inventory.ErrImpossible)
		storetest.WantRefused(t, answers[1], inventory.ErrImpossible)
		storetest.Want(t, "company", []any{answers[2].Says(), answers[3].Says()}, "[[inventory.reserved] [inventory.committed]]")
		if answers[4].Err == nil {
			t.Error("a string was taken for an input")
		}
		storetest.Want(t, "refused", reservation(t, r, 2), "[]")
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "6 6 0 4")
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
		product := func(n int) string { return fmt.Sprint("MUG ", n) }
		spy.WantSteady(t, r.Later(time.Minute),
			storetest.Step{Name: "put", Tell: func(n int) any { return put(product(n), 500) }, Most: 3},
			storetest.Step{Name: "adjust", Tell: func(n int) any { return adjust(product(n), 10, "first") }, Most: 5},
			storetest.Step{Name: "created", Tell: func(n int) any { return created(n, product(n)) }, Most: 6},
			storetest.Step{Name: "created again", Tell: func(n int) any { return created(n, product(n)) }, Most: 3},
			storetest.Step{Name: "confirmed", Tell: func(n int) any { return confirmed(n, 1000) }, Most: 5},
		)
		storetest.Want(t, "sold", storetest.Rows(t, r.DB, "SELECT sum(sold) FROM products"), "[402]")
	})
}
