package inventory_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"orderly/events"
	"orderly/inventory"
)

const orderID = "01946f5e-0000-7000-8000-000000000001"

var (
	noon    = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	earlier = noon.Add(-time.Hour)
)

func states() []inventory.State {
	return []inventory.State{
		inventory.None, inventory.Reserved, inventory.Rejected, inventory.Released, inventory.Dead, inventory.Committed,
	}
}

func names() []string {
	var out []string
	for _, v := range events.Catalog() {
		out = append(out, v.Name)
	}
	return out
}

// shop has ten mugs of 250 on hand, two of them reserved, and four cups of 100,
// one of them reserved.
func shop() map[string]inventory.Product {
	return map[string]inventory.Product{
		"mug": {ID: "mug", Name: "Mug", Currency: "EUR", UnitPriceMinor: 250, OnHand: 10, Available: 8, Reserved: 2, Sold: 5, UpdatedAt: earlier},
		"cup": {ID: "cup", Name: "Cup", Currency: "EUR", UnitPriceMinor: 100, OnHand: 4, Available: 3, Reserved: 1, UpdatedAt: earlier},
		"tea": {ID: "tea", Name: "Tea", Currency: "GBP", UnitPriceMinor: 300, OnHand: 9, Available: 9, UpdatedAt: earlier},
	}
}

func stockOf(products map[string]inventory.Product) inventory.Stock {
	return func(id string) (inventory.Product, bool) {
		p, ok := products[id]
		return p, ok
	}
}

func created() events.OrderCreatedV2 {
	return events.OrderCreatedV2{
		OrderID: orderID, Customer: events.CustomerV2{ID: "ann"}, Currency: "EUR", PaymentMethod: "card",
		Items: []events.ItemV2{{ProductID: "mug", Quantity: 2}, {ProductID: "cup", Quantity: 1}},
	}
}

// event gives an event of each name for the order of these tests.
func event(name string) events.Event {
	switch name {
	case events.NameOrderCreated:
		return created()
	case events.NameOrderConfirmed:
		return events.OrderConfirmed{OrderID: orderID, Currency: "EUR", TotalMinor: 600}
	case events.NameOrderCancelled:
		return events.OrderCancelled{OrderID: orderID, Reason: events.ReasonCustomer}
	}
	return named{events.InventoryReleased{OrderID: orderID}, name}
}

// named is an event under a name that is not its own.
type named struct {
	events.Event
	name string
}

func (n named) EventName() string { return n.name }

// reservation gives one of two mugs and a cup, reserved when they cost 10 less
// than now, in a state.
func reservation(s inventory.State) inventory.Reservation {
	r := inventory.Reservation{OrderID: orderID, State: s, UpdatedAt: earlier}
	switch s {
	case inventory.None:
		return inventory.Reservation{OrderID: orderID}
	case inventory.Reserved, inventory.Released, inventory.Committed:
		r.Currency, r.TotalMinor = "EUR", 570
		r.Lines = []events.PricedItem{{ProductID: "mug", Quantity: 2, UnitPriceMinor: 240}, {ProductID: "cup", Quantity: 1, UnitPriceMinor: 90}}
	case inventory.Rejected:
		r.Currency, r.Reason, r.ProductID = "EUR", events.ReasonOutOfStock, "mug"
	}
	return r
}

// step is what a cell of the table says.
type step struct {
	becomes    inventory.State // "": it stays
	says       events.Event    // nil: nothing
	moves      func(p *inventory.Product, units int64)
	impossible bool
}

func table() map[inventory.State]map[string]step {
	create, cancel, confirm := events.NameOrderCreated, events.NameOrderCancelled, events.NameOrderConfirmed
	released := events.InventoryReleased{OrderID: orderID}
	committed := events.InventoryCommitted{OrderID: orderID}
	impossible := step{impossible: true}
	again := events.InventoryReserved{
		OrderID: orderID, Currency: "EUR", TotalMinor: 570, PaymentMethod: "card", Items: reservation(inventory.Reserved).Lines,
	}
	take := func(p *inventory.Product, n int64) { p.Available, p.Reserved = p.Available-n, p.Reserved+n }
	back := func(p *inventory.Product, n int64) { p.Available, p.Reserved = p.Available+n, p.Reserved-n }
	sell := func(p *inventory.Product, n int64) {
		p.OnHand, p.Reserved, p.Sold = p.OnHand-n, p.Reserved-n, p.Sold+n
	}
	return map[inventory.State]map[string]step{
		inventory.None: {
			create: {becomes: inventory.Reserved, moves: take, says: events.InventoryReserved{
				OrderID: orderID, Currency: "EUR", TotalMinor: 600, PaymentMethod: "card",
				Items: []events.PricedItem{{ProductID: "mug", Quantity: 2, UnitPriceMinor: 250}, {ProductID: "cup", Quantity: 1, UnitPriceMinor: 100}},
			}},
			cancel:  {becomes: inventory.Dead, says: released},
			confirm: impossible,
		},
		inventory.Reserved: {
			create:  {says: again},
			cancel:  {becomes: inventory.Released, says: released, moves: back},
			confirm: {becomes: inventory.Committed, says: committed, moves: sell},
		},
		inventory.Rejected: {
			create:  {says: events.InventoryRejected{OrderID: orderID, Reason: events.ReasonOutOfStock, ProductID: "mug"}},
			cancel:  {becomes: inventory.Dead, says: released},
			confirm: impossible,
		},
		inventory.Released:  {cancel: {says: released}, confirm: impossible},
		inventory.Dead:      {cancel: {says: released}, confirm: impossible},
		inventory.Committed: {create: {says: again}, cancel: impossible, confirm: {says: committed}},
	}
}

func TestEveryCellOfTheTable(t *testing.T) {
	t.Parallel()
	for _, is := range states() {
		for _, hears := range names() {
			before := reservation(is)
			got, err := inventory.NewSaga().Hear(before, event(hears), stockOf(shop()), noon)
			want := table()[is][hears]
			if errors.Is(err, inventory.ErrImpossible) != want.impossible || (err != nil) != want.impossible {
				t.Errorf("%q, hears %s: error is %v, want impossible %t", is, hears, err, want.impossible)
			}
			checkStep(t, before, hears, got, want)
		}
	}
}

func checkStep(t *testing.T, before inventory.Reservation, hears string, got inventory.Result, want step) {
	t.Helper()
	after := before.State
	if want.becomes != "" {
		after = want.becomes
	}
	moved := want.becomes != ""
	if got.Reservation.State != after || got.Changed != moved || moved != got.Reservation.UpdatedAt.Equal(noon) {
		t.Errorf("%q, hears %s: became %+v, changed %t, want %q", before.State, hears, got.Reservation, got.Changed, after)
	}
	if !moved && !reflect.DeepEqual(got.Reservation, before) {
		t.Errorf("%q, hears %s: should stay as it is, became %+v", before.State, hears, got.Reservation)
	}
	var says []events.Event
	if want.says != nil {
		says = []events.Event{want.says}
	}
	if !reflect.DeepEqual(got.Says, says) {
		t.Errorf("%q, hears %s:\nsays %+v\nwant %+v", before.State, hears, got.Says, says)
	}
	var products []inventory.Product
	if want.moves != nil {
		for _, it := range created().Items {
			p := shop()[it.ProductID]
			want.moves(&p, it.Quantity)
			p.UpdatedAt = noon
			products = append(products, p)
		}
	}
	if !reflect.DeepEqual(got.Products, products) {
		t.Errorf("%q, hears %s:\nproducts %+v\nwant     %+v", before.State, hears, got.Products, products)
	}
}

// TestG4_TheSecondAnswerIsTheFirst hears each event twice: the answer is the
// same, the reservation and the stock stay.
func TestG4_TheSecondAnswerIsTheFirst(t *testing.T) {
	t.Parallel()
	for _, is := range states() {
		for _, hears := range names() {
			if table()[is][hears].impossible {
				continue
			}
			products := shop()
			first, err := inventory.NewSaga().Hear(reservation(is), event(hears), stockOf(products), noon)
			if err != nil {
				t.Fatalf("%q, hears %s: %v", is, hears, err)
			}
			for _, p := range first.Products {
				p.UnitPriceMinor++ // what was reserved keeps its price
				products[p.ID] = p
			}
			second, err := inventory.NewSaga().Hear(first.Reservation, event(hears), stockOf(products), noon.Add(time.Hour))
			want := inventory.Result{Reservation: first.Reservation, Says: first.Says}
			if err != nil || !reflect.DeepEqual(second, want) {
				t.Errorf("%q, hears %s twice:\n got %+v, %v\nwant %+v", is, hears, second, err, want)
			}
		}
	}
}

// TestG3_StockThatIsNotThereIsImpossible ends a reservation whose units the
// shelf does not hold: neither the reservation nor a product is touched.
func TestG3_StockThatIsNotThereIsImpossible(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(map[string]inventory.Product){
		"too few are reserved": func(s map[string]inventory.Product) {
			p := s["cup"]
			p.Reserved, p.Available = 0, 4
			s["cup"] = p
		},
		"the product is gone": func(s map[string]inventory.Product) { delete(s, "cup") },
	} {
		for _, hears := range []string{events.NameOrderCancelled, events.NameOrderConfirmed} {
			products := shop()
			change(products)
			before := reservation(inventory.Reserved)
			got, err := inventory.NewSaga().Hear(before, event(hears), stockOf(products), noon)
			if !errors.Is(err, inventory.ErrImpossible) {
				t.Errorf("%s, hears %s: error is %v, want ErrImpossible", name, hears, err)
			}
			if !reflect.DeepEqual(got, inventory.Result{Reservation: before}) {
				t.Errorf("%s, hears %s: it was applied: %+v", name, hears, got)
			}
		}
	}
}

func TestAForeignPayloadIsImpossible(t *testing.T) {
	t.Parallel()
	e := named{events.InventoryReleased{OrderID: orderID}, events.NameOrderCreated}
	for _, is := range []inventory.State{inventory.None, inventory.Reserved, inventory.Committed} {
		if _, err := inventory.NewSaga().Hear(reservation(is), e, stockOf(shop()), noon); !errors.Is(err, inventory.ErrImpossible) {
			t.Errorf("%q: error is %v, want ErrImpossible", is, err)
		}
	}
}
