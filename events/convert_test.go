package events_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"orderly/events"
)

// G7: what a version can say comes back from the next one unchanged, whatever it is, and what is converted is valid.
func TestG7_up_and_down_is_the_identity(t *testing.T) {
	t.Parallel()
	converted := 0
	for _, version := range events.Catalog() {
		if version.Up == nil && version.Down == nil {
			continue
		}
		converted++
		t.Run(fmt.Sprintf("%s.v%d", version.Name, version.Version), func(t *testing.T) {
			t.Parallel()
			checked := 0
			for payload := range mutants(t, golden(t, version)) {
				if e, err := version.Decode(payload); err == nil {
					checkConversions(t, version, e)
					checked++
				}
			}
			if checked < 10 {
				t.Errorf("%d valid payloads prove nothing", checked)
			}
		})
	}
	if converted < 2 {
		t.Errorf("%d versions have conversions: orders.created has two", converted)
	}
}

func checkConversions(tb testing.TB, version events.Version, e events.Event) {
	tb.Helper()
	if version.Up != nil {
		newer := mustConvert(tb, version.Up, e)
		if back := mustConvert(tb, lookUp(tb, version.Name, version.Version+1).Down, newer); !reflect.DeepEqual(back, e) {
			tb.Errorf("up and down makes %+v of %+v", back, e)
		}
	}
	if version.Down != nil {
		mustConvert(tb, version.Down, e)
	}
}

func mustConvert(tb testing.TB, convert func(events.Event) (events.Event, error), e events.Event) events.Event {
	tb.Helper()
	to, err := convert(e)
	if err != nil {
		tb.Fatalf("convert %+v: %v", e, err)
	}
	if err := to.Validate(); err != nil {
		tb.Errorf("%+v is converted to what is invalid: %v", e, err)
	}
	return to
}

// Every event has conversions where it has neighbours, and only there.
func TestCatalogHasConversionsBetweenVersions(t *testing.T) {
	t.Parallel()
	all := events.Catalog()
	for i, v := range all {
		hasNext := i+1 < len(all) && all[i+1].Name == v.Name
		hasOlder := i > 0 && all[i-1].Name == v.Name
		if hasNext != (v.Up != nil) || hasOlder != (v.Down != nil) {
			t.Errorf("%s version %d: Up %t, Down %t", v.Name, v.Version, v.Up != nil, v.Down != nil)
		}
		if hasOlder && all[i-1].Version != v.Version-1 {
			t.Errorf("%s: version %d follows %d", v.Name, v.Version, all[i-1].Version)
		}
	}
}

func TestConvertingAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	v1, v2 := lookUp(t, events.NameOrderCreated, 1), lookUp(t, events.NameOrderCreated, 2)
	if _, err := v1.Up(events.OrderCreatedV2{}); err == nil || !strings.Contains(err.Error(), "OrderCreatedV2 cannot be converted") {
		t.Errorf("got %v", err)
	}
	if _, err := v2.Down(nil); err == nil {
		t.Error("nothing was converted")
	}
}

func TestNewest(t *testing.T) {
	t.Parallel()
	for _, v := range events.Catalog() {
		e, err := events.Newest(anyEvent(t, v))
		if err != nil {
			t.Fatal(err)
		}
		if lookUp(t, v.Name, e.EventVersion()).Up != nil {
			t.Errorf("of %s version %d the newest is said to be %d", v.Name, v.Version, e.EventVersion())
		}
	}
	if _, err := events.Newest(stranger{}); err == nil {
		t.Error("an event that is not in the catalogue was taken")
	}
}

// stranger is an event that the contract does not know.
type stranger struct{ events.OrderCreated }

func (stranger) EventVersion() int { return 99 }

// What version 2 of orders.created adds is lost on the way down, and nothing else.
func TestG7_orders_created_on_its_way_down(t *testing.T) {
	t.Parallel()
	price, total := int64(250), int64(500)
	full := events.OrderCreatedV2{
		OrderID: "o", Customer: events.CustomerV2{ID: "c", Country: "GB"}, Channel: "web", Currency: "GBP", PaymentMethod: "pm",
		Items: []events.ItemV2{{ProductID: "p", Quantity: 2, UnitPriceMinor: &price}}, ExpectedTotalMinor: &total, Metadata: map[string]string{"k": "v"},
	}
	want := events.OrderCreated{
		OrderID: "o", CustomerID: "c", Currency: "GBP", PaymentMethod: "pm",
		Items: []events.Item{{ProductID: "p", Quantity: 2}}, ExpectedTotalMinor: &total, Metadata: map[string]string{"k": "v"},
	}
	if got := events.DowngradeOrderCreatedV2(full); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
