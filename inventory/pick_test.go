package inventory_test

import (
	"reflect"
	"testing"

	"orderly/events"
	"orderly/inventory"
)

const maxMoney = inventory.MaxMoneyMinor

// reserve asks the shop, changed a little, for items.
func reserve(t *testing.T, change func(map[string]inventory.Product), c events.OrderCreatedV2) inventory.Result {
	t.Helper()
	products := shop()
	if change != nil {
		change(products)
	}
	got, err := inventory.NewSaga().Hear(reservation(inventory.None), c, stockOf(products), noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Says) != 1 || got.Says[0].Validate() != nil {
		t.Fatalf("says %+v, want one valid event", got.Says)
	}
	return got
}

func items(is ...events.ItemV2) events.OrderCreatedV2 {
	c := created()
	c.Items = is
	return c
}

func mugAt(price, units int64) func(map[string]inventory.Product) {
	return func(s map[string]inventory.Product) {
		p := s["mug"]
		p.UnitPriceMinor, p.OnHand, p.Available = price, units+p.Reserved, units
		s["mug"] = p
	}
}

// TestG3_AllItemsOrNone asks for what cannot be had, always after an item that
// could.
func TestG3_AllItemsOrNone(t *testing.T) {
	t.Parallel()
	cup := events.ItemV2{ProductID: "cup", Quantity: 1}
	expecting := func(total int64) events.OrderCreatedV2 {
		c := created()
		c.ExpectedTotalMinor = &total
		return c
	}
	for name, c := range map[string]struct {
		change  func(map[string]inventory.Product)
		created events.OrderCreatedV2
		reason  string
		product string
	}{
		"unknown":           {nil, items(cup, events.ItemV2{ProductID: "hat", Quantity: 1}), events.ReasonUnknownProduct, "hat"},
		"another currency":  {nil, items(cup, events.ItemV2{ProductID: "tea", Quantity: 1}), events.ReasonCurrencyMismatch, "tea"},
		"one too many":      {nil, items(cup, events.ItemV2{ProductID: "mug", Quantity: 9}), events.ReasonOutOfStock, "mug"},
		"two lines of four": {nil, items(cup, events.ItemV2{ProductID: "mug", Quantity: 4}, events.ItemV2{ProductID: "mug", Quantity: 5}), events.ReasonOutOfStock, "mug"},
		"too much money":    {mugAt(maxMoney-99, 1), items(cup, events.ItemV2{ProductID: "mug", Quantity: 1}), events.ReasonTotalTooLarge, "mug"},
		"an overflow":       {mugAt(maxMoney, 1<<31), items(cup, events.ItemV2{ProductID: "mug", Quantity: 1<<31 - 1}), events.ReasonTotalTooLarge, "mug"},
		"a lower total":     {nil, expecting(599), events.ReasonPriceChanged, ""},
		"a higher total":    {nil, expecting(601), events.ReasonPriceChanged, ""},
		"a total of zero":   {nil, expecting(0), events.ReasonPriceChanged, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := reserve(t, c.change, c.created)
			want := inventory.Result{
				Reservation: inventory.Reservation{
					OrderID: orderID, State: inventory.Rejected, Currency: "EUR",
					Reason: c.reason, ProductID: c.product, UpdatedAt: noon,
				},
				Says:    []events.Event{events.InventoryRejected{OrderID: orderID, Reason: c.reason, ProductID: c.product}},
				Changed: true,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestPickTakesUpToTheLast(t *testing.T) {
	t.Parallel()
	total := func(n int64) *int64 { return &n }
	exact := created()
	exact.ExpectedTotalMinor = total(600)
	free := items(events.ItemV2{ProductID: "mug", Quantity: 8})
	free.ExpectedTotalMinor = total(0)
	for name, c := range map[string]struct {
		change    func(map[string]inventory.Product)
		created   events.OrderCreatedV2
		total     int64
		available int64 // of mugs, after
	}{
		"the expected total": {nil, exact, 600, 6},
		"the last mug":       {nil, items(events.ItemV2{ProductID: "mug", Quantity: 8}), 2000, 0},
		"in two lines":       {nil, items(events.ItemV2{ProductID: "mug", Quantity: 4}, events.ItemV2{ProductID: "mug", Quantity: 4}), 2000, 0},
		"the most money":     {mugAt(maxMoney, 1), items(events.ItemV2{ProductID: "mug", Quantity: 1}), maxMoney, 0},
		"for nothing":        {mugAt(0, 8), free, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := reserve(t, c.change, c.created)
			r := got.Reservation
			if r.State != inventory.Reserved || r.TotalMinor != c.total || len(r.Lines) != len(c.created.Items) {
				t.Fatalf("got %+v, want it reserved for %d", r, c.total)
			}
			mug := got.Products[0]
			if mug.ID != "mug" || mug.Available != c.available || mug.OnHand != mug.Available+mug.Reserved {
				t.Errorf("mugs are %+v, want %d available", mug, c.available)
			}
			said, ok := got.Says[0].(events.InventoryReserved)
			if !ok || said.TotalMinor != c.total || !reflect.DeepEqual(said.Items, r.Lines) {
				t.Errorf("says %+v, want what was reserved", got.Says[0])
			}
		})
	}
}

func TestHearLeavesItsInputsAlone(t *testing.T) {
	t.Parallel()
	products, before := shop(), reservation(inventory.Reserved)
	for _, hears := range []string{events.NameOrderCancelled, events.NameOrderConfirmed} {
		if _, err := inventory.NewSaga().Hear(before, event(hears), stockOf(products), noon); err != nil {
			t.Fatal(err)
		}
	}
	reserve(t, func(s map[string]inventory.Product) { products = s }, created())
	if !reflect.DeepEqual(products, shop()) || !reflect.DeepEqual(before, reservation(inventory.Reserved)) {
		t.Errorf("products became %+v, the reservation %+v", products, before)
	}
}
