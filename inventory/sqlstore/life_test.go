package sqlstore_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"orderly/events"
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

func lives() map[string][]turn {
	reserves := turn{created(1, "MUG"), "[inventory.reserved]", "[reserved 1000  ]", "10 8 2 0"}
	silent := func(t turn) turn {
		t.hears, t.says = created(1, "MUG"), "[]"
		return t
	}
	releases := turn{cancelled(1), "[inventory.released]", "[released 1000  ]", "10 10 0 0"}
	commits := turn{confirmed(1, 1000), "[inventory.committed]", "[committed 1000  ]", "8 8 0 2"}
	dies := turn{cancelled(1), "[inventory.released]", "[dead 0  ]", "10 10 0 0"}
	rejects := turn{created(1, "MUG", "CUP"), "[inventory.rejected]", "[rejected 0 unknown_product CUP]", "10 10 0 0"}
	rejectedDies := dies
	rejectedDies.reservation = "[dead 0 unknown_product CUP]"
	reservesAgain := commits
	reservesAgain.hears, reservesAgain.says = created(1, "MUG"), "[inventory.reserved]"
	return map[string][]turn{
		"sold":                      {reserves, reserves, commits, commits, reservesAgain},
		"given back":                {reserves, releases, releases, silent(releases)},
		"cancelled before it came":  {dies, dies, silent(dies)},
		"rejected":                  {rejects, rejects, rejectedDies, silent(rejectedDies)},
		"cancelled, never reserved": {dies},
	}
}

// G3, G4: each event moves the reservation and its products together, whether
// the events come in batches of their own or in one; hearing one again gives
// the same answer.
func TestReservation_lives(t *testing.T) {
	t.Parallel()
	for name, life := range lives() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, d database) {
				r := serve(t, d.open(t))
				stock(t, r, "MUG", 10)
				for _, turn := range life {
					for _, r := range []replica{r, r.later(month)} {
						a := r.tell(t, turn.hears)
						if turn.reservation != reservation(t, r, 1) || turn.mug != counts(t, r, "MUG") || turn.says != fmt.Sprint(a.says()) {
							t.Fatalf("%s: says %v, reservation %s, mugs %s; want %+v",
								turn.hears.EventName(), a.says(), reservation(t, r, 1), counts(t, r, "MUG"), turn)
						}
					}
				}
			})
		})
	}
}

func TestReservation_life_in_one_batch(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		stock(t, r, "MUG", 10)
		answers := r.do(t,
			created(1, "MUG"), confirmed(1, 1000), created(1, "MUG"),
			created(2, "MUG"), cancelled(2), cancelled(2),
			cancelled(3), created(3, "MUG"),
			created(4, "CUP"), cancelled(4),
			created(5, "MUG"), created(5, "MUG"))
		var says []string
		for _, a := range answers {
			says = append(says, fmt.Sprint(a.says()))
		}
		want(t, "says", says, []string{
			"[inventory.reserved]", "[inventory.committed]", "[inventory.reserved]",
			"[inventory.reserved]", "[inventory.released]", "[inventory.released]",
			"[inventory.released]", "[]",
			"[inventory.rejected]", "[inventory.released]",
			"[inventory.reserved]", "[inventory.reserved]"})
		var found []string
		for n := 1; n <= 5; n++ {
			found = append(found, reservation(t, r, n))
		}
		want(t, "reservations", found, []string{"[committed 1000  ]", "[released 1000  ]", "[dead 0  ]", "[dead 0 unknown_product CUP]", "[reserved 1000  ]"})
		want(t, "mugs", counts(t, r, "MUG"), "8 6 2 2")
		// What was reserved is there for the next batch, also where it began and ended in one.
		a := r.tell(t, created(1, "MUG"))
		want(t, "lines", a.Events[0].Payload.(events.InventoryReserved).Items, "[{MUG 2 500}]")
	})
}

// G3: an order gets all of its items or none, in a batch with others too.
func TestReservation_is_all_or_nothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		stock(t, r, "CUP", 5)
		stock(t, r, "MUG", 3)
		answers := r.do(t, created(1, "CUP", "MUG"), created(2, "CUP", "MUG"), created(3, "CUP"))
		want(t, "first", answers[0].says(), "[inventory.reserved]")
		want(t, "second", answers[1].Events[0].Payload, events.InventoryRejected{OrderID: id(2), Reason: events.ReasonOutOfStock, ProductID: "MUG"})
		want(t, "third", answers[2].says(), "[inventory.reserved]")
		want(t, "cups", counts(t, r, "CUP"), "5 1 4 0")
		want(t, "mugs", counts(t, r, "MUG"), "3 1 2 0")
		want(t, "id of the answer", answers[0].Events[0].ID, eventID(answers[0].Events[0].Payload.(events.Event)))
	})
}

// An order keeps the prices of the moment in which it was reserved.
func TestReservation_keeps_its_prices(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		stock(t, r, "MUG", 10)
		first := r.tell(t, created(1, "MUG")).Events[0]
		r.do(t, put("MUG", 900))
		again := r.tell(t, created(1, "MUG")).Events[0]
		if !reflect.DeepEqual(again.Payload, first.Payload) || again.ID != first.ID {
			t.Errorf("got %+v, want %+v", again, first)
		}
		r.do(t, confirmed(1, 1000))
		want(t, "reservation", reservation(t, r, 1), "[committed 1000  ]")
		want(t, "next order", r.tell(t, created(2, "MUG")).Events[0].Payload.(events.InventoryReserved).TotalMinor, 1800)
	})
}

func TestReservation_of_a_thousand_lines(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		const lines = 1000
		r := serve(t, d.open(t))
		var setup []any
		var products []string
		for i := range lines {
			product := fmt.Sprintf("%062d é", i)[:62]
			products = append(products, product)
			setup = append(setup, put(product, 100), adjust(product, 4, "first"))
		}
		r.do(t, setup...)
		slices.Reverse(products)
		want(t, "says", r.tell(t, created(1, products...)).says(), "[inventory.reserved]")
		want(t, "says", r.tell(t, created(2, products...)).says(), "[inventory.reserved]")
		want(t, "says", r.tell(t, created(3, products...)).says(), "[inventory.rejected]")
		r.do(t, cancelled(1), confirmed(2, 200*lines))
		want(t, "products", rows(t, r.db, "SELECT count(*), sum(on_hand), sum(available), sum(reserved), sum(sold) FROM products"),
			[]string{fmt.Sprint(lines, 2*lines, 2*lines, 0, 2*lines)})
	})
}

// G6: what is impossible is refused and leaves no trace, and its company in the
// batch does not notice.
func TestDecide_refuses_the_impossible(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		stock(t, r, "MUG", 10)
		r.do(t, created(1, "MUG"), confirmed(1, 1000))
		answers := r.do(t, confirmed(2, 1000), cancelled(1), created(3, "MUG"), confirmed(3, 1000), "text")
		wantRefused(t, answers[0], inventory.ErrImpossible)
		wantRefused(t, answers[1], inventory.ErrImpossible)
		want(t, "company", []any{answers[2].says(), answers[3].says()}, "[[inventory.reserved] [inventory.committed]]")
		if answers[4].err == nil {
			t.Error("a string was taken for an input")
		}
		want(t, "refused", reservation(t, r, 2), "[]")
		want(t, "mugs", counts(t, r, "MUG"), "6 6 0 4")
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
		r := serve(t, db).later(time.Minute)
		product := func(n int) string { return fmt.Sprint("MUG ", n) }
		steps := []struct {
			name string
			tell func(n int) any
			most int // statements, with the clock
		}{
			{"put", func(n int) any { return put(product(n), 500) }, 3},
			{"adjust", func(n int) any { return adjust(product(n), 10, "first") }, 5},
			{"created", func(n int) any { return created(n, product(n)) }, 6},
			{"created again", func(n int) any { return created(n, product(n)) }, 3},
			{"confirmed", func(n int) any { return confirmed(n, 1000) }, 5},
		}
		for _, step := range steps {
			var numbers [2]int
			for i, size := range []int{1, 200} {
				var bodies []any
				for n := range size {
					bodies = append(bodies, step.tell(1000*i+n))
				}
				numbers[i] = len(spy.during(func() { r.do(t, bodies...) }))
			}
			if numbers[0] != numbers[1] || numbers[0] > step.most {
				t.Errorf("%s: %d statements for one, %d for 200; want the same, at most %d", step.name, numbers[0], numbers[1], step.most)
			}
		}
		want(t, "sold", rows(t, r.db, "SELECT sum(sold) FROM products"), "[402]")
	})
}
