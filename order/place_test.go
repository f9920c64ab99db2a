package order_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"orderly/events"
	"orderly/order"
)

func request() order.Place {
	expected := int64(total)
	return order.Place{
		ID:            orderID,
		CustomerID:    "ann",
		Currency:      "EUR",
		Lane:          "standard",
		CorrelationID: "c-1",
		Request: order.Request{
			PaymentMethod:      "card",
			Items:              []events.ItemV2{{ProductID: "mug", Quantity: 2}, {ProductID: "BANK CHARGES", Quantity: 1}},
			ExpectedTotalMinor: &expected,
			Metadata:           map[string]string{"channel": "web"},
		},
	}
}

func placed() order.Result { return order.DefaultPolicy().Place(request(), noon) }

func TestPlaceMakesAPendingOrder(t *testing.T) {
	t.Parallel()
	c := request()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	got, policy := placed(), order.DefaultPolicy()
	want := order.Order{
		ID: c.ID, CustomerID: c.CustomerID, Currency: c.Currency, Lane: c.Lane, CorrelationID: c.CorrelationID,
		Request: c.Request, Status: order.Pending, CreatedAt: noon, UpdatedAt: noon,
		Deadline: noon.Add(policy.Deadline), NextRedrive: noon.Add(policy.RedriveFirst),
	}
	want.Request.ExpectedTotalMinor = got.Order.Request.ExpectedTotalMinor
	if !reflect.DeepEqual(got.Order, want) || !got.Changed {
		t.Errorf("got %+v\nwant %+v", got.Order, want)
	}
	if len(got.Says) != 1 {
		t.Fatalf("says %v, want orders.created", got.Says)
	}
	created, ok := got.Says[0].(events.OrderCreatedV2)
	if !ok || created.OrderID != c.ID || created.Customer.ID != c.CustomerID || created.Currency != c.Currency ||
		created.PaymentMethod != "card" || !reflect.DeepEqual(created.Items, c.Request.Items) ||
		*created.ExpectedTotalMinor != total || created.Metadata["channel"] != "web" {
		t.Errorf("says %+v, which is not what was asked for", got.Says[0])
	}
	if err := created.Validate(); err != nil {
		t.Errorf("says what breaks the contract: %v", err)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	minor := func(n int64) func(*order.Place) {
		return func(c *order.Place) { c.Request.ExpectedTotalMinor = &n }
	}
	items := func(i ...events.ItemV2) func(*order.Place) {
		return func(c *order.Place) { c.Request.Items = i }
	}
	labels := func(name, value string) func(*order.Place) {
		return func(c *order.Place) { c.Request.Metadata = map[string]string{name: value} }
	}
	for name, c := range map[string]struct {
		change func(*order.Place)
		at     string
	}{
		"no customer":              {func(c *order.Place) { c.CustomerID = "" }, "body.customer_id"},
		"a customer with dots":     {func(c *order.Place) { c.CustomerID = "ann.smith" }, "body.customer_id"},
		"a wildcard customer":      {func(c *order.Place) { c.CustomerID = "*" }, "body.customer_id"},
		"a long customer":          {func(c *order.Place) { c.CustomerID = long }, "body.customer_id"},
		"no currency":              {func(c *order.Place) { c.Currency = "" }, "body.currency"},
		"a small currency":         {func(c *order.Place) { c.Currency = "eur" }, "body.currency"},
		"an unknown currency":      {func(c *order.Place) { c.Currency = "XXX" }, "body.currency"},
		"no payment method":        {func(c *order.Place) { c.Request.PaymentMethod = "" }, "body.payment_method"},
		"a spaced payment method":  {func(c *order.Place) { c.Request.PaymentMethod = "my card" }, "body.payment_method"},
		"a negative total":         {minor(-1), "body.expected_total"},
		"an unsafe total":          {minor(order.MaxMoneyMinor + 1), "body.expected_total"},
		"no items":                 {items(), "body.items"},
		"too many lines":           {items(lines(order.MaxLines + 1)...), "body.items"},
		"no product":               {items(events.ItemV2{Quantity: 1}), "body.items[0].product_id"},
		"a product over two lines": {items(events.ItemV2{ProductID: "a\nb", Quantity: 1}), "body.items[0].product_id"},
		"no quantity":              {items(mug(1), events.ItemV2{ProductID: "cup"}), "body.items[1].quantity"},
		"a negative quantity":      {items(mug(-1)), "body.items[0].quantity"},
		"a huge quantity":          {items(mug(1 << 31)), "body.items[0].quantity"},
		"a huge sum":               {items(mug(1<<31-1), mug(1)), "body.items[1].quantity"},
		"many labels":              {func(c *order.Place) { c.Request.Metadata = entries(17) }, "body.metadata"},
		"a label without a name":   {labels("", "v"), "body.metadata"},
		"an unknown priority":      {func(c *order.Place) { c.Lane = "urgent" }, "body.priority"},
		"no priority":              {func(c *order.Place) { c.Lane = "" }, "body.priority"},
		"a label of a long name":   {labels(long, "v"), "body.metadata"},
		"a label with a bell":      {labels("n", "\a"), "body.metadata"},
		"a label of broken text":   {labels("n", "\xff"), "body.metadata"},
		"a label of a long value":  {labels("n", strings.Repeat("x", 501)), "body.metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := request()
			c.change(&place)
			var refusal order.Refusal
			if err := place.Check(); !errors.As(err, &refusal) {
				t.Fatalf("error is %v, want a refusal", err)
			}
			if len(refusal) != 1 || refusal[0].Location != c.at || refusal[0].Message == "" {
				t.Errorf("refused for %v, want one problem at %s", refusal, c.at)
			}
		})
	}
}

func TestCheckAcceptsTheLimits(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*order.Place){
		"the most lines":       func(c *order.Place) { c.Request.Items = lines(order.MaxLines) },
		"the largest quantity": func(c *order.Place) { c.Request.Items = []events.ItemV2{mug(1<<31 - 1)} },
		"the largest sum":      func(c *order.Place) { c.Request.Items = []events.ItemV2{mug(1<<31 - 2), mug(1)} },
		"the largest total":    func(c *order.Place) { *c.Request.ExpectedTotalMinor = order.MaxMoneyMinor },
		"no expected total":    func(c *order.Place) { c.Request.ExpectedTotalMinor = nil },
		"a total of nothing":   func(c *order.Place) { *c.Request.ExpectedTotalMinor = 0 },
		"no metadata":          func(c *order.Place) { c.Request.Metadata = nil },
		"the most metadata":    func(c *order.Place) { c.Request.Metadata = entries(16) },
		"metadata in runes": func(c *order.Place) {
			c.Request.Metadata = map[string]string{strings.Repeat("é", 64): strings.Repeat("é", 500)}
		},
	} {
		place := request()
		change(&place)
		if err := place.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := order.DefaultPolicy().Place(place, noon).Says[0].Validate(); err != nil {
			t.Errorf("%s is accepted, but the event breaks the contract: %v", name, err)
		}
	}
}

func TestCheckMergesLinesOfOneProduct(t *testing.T) {
	t.Parallel()
	place := request()
	sent := []events.ItemV2{mug(2), {ProductID: "cup", Quantity: 1}, mug(3), {ProductID: "cup", Quantity: 4}}
	place.Request.Items = sent
	if err := place.Check(); err != nil {
		t.Fatal(err)
	}
	want := []events.ItemV2{mug(5), {ProductID: "cup", Quantity: 5}}
	if !reflect.DeepEqual(place.Request.Items, want) {
		t.Errorf("got %v, want %v", place.Request.Items, want)
	}
	if sent[0].Quantity != 2 {
		t.Errorf("the caller's own lines were changed: %v", sent)
	}
	if err := place.Check(); err != nil || !reflect.DeepEqual(place.Request.Items, want) {
		t.Errorf("checked again: %v, %v", place.Request.Items, err)
	}
}

func TestCheckNamesEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	place := order.Place{Currency: "eur", Request: order.Request{Items: []events.ItemV2{{ProductID: "a.b"}}}}
	err := place.Check()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, at := range []string{"body.customer_id", "body.currency", "body.payment_method", "body.priority", "body.items[0].product_id", "body.items[0].quantity"} {
		if !strings.Contains(err.Error(), at+": ") {
			t.Errorf("%q does not name %s", err, at)
		}
	}
}

func mug(quantity int64) events.ItemV2 { return events.ItemV2{ProductID: "mug", Quantity: quantity} }

func lines(n int) []events.ItemV2 {
	out := make([]events.ItemV2, n)
	for i := range out {
		out[i] = events.ItemV2{ProductID: fmt.Sprintf("p%d", i), Quantity: 1}
	}
	return out
}

func entries(n int) map[string]string {
	out := make(map[string]string, n)
	for i := range n {
		out[fmt.Sprintf("n%d", i)] = "v"
	}
	return out
}
