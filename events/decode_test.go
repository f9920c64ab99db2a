package events_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"orderly/events"
)

const orderID = "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17"

func TestDecodeSaysWhereAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	head := `{"order_id": "` + orderID + `", "customer_id": "guest", "currency": "GBP", "payment_method": "pm", `
	line := `{"product_id": "POST", "quantity": 1}`
	for _, test := range []struct{ payload, want string }{
		{`{`, `not JSON: unexpected end of JSON input`},
		{`[]`, `must be an object, is an array`},
		{`{}`, `order_id: required`},
		{`{"order_id": null}`, `order_id: must be a string, is null`},
		{head + `"items": []}`, `items: has 0 items, fewer than the minimum 1`},
		{head + `"items": [` + line + `, {"product_id": "POST"}]}`, `items[1].quantity: required`},
		{head + `"items": [` + line + `, ` + line + `, ` + line + `, {"product_id": "POST", "quantity": 0}]}`,
			`items[3].quantity: 0 is below the minimum 1`},
		{head + `"items": [{"product_id": "POST", "quantity": 2147483648}]}`,
			`items[0].quantity: 2147483648 is above the maximum 2147483647`},
		{head + `"items": [{"product_id": "POST", "quantity": 1.5}]}`, `items[0].quantity: 1.5 is not an integer`},
		{head + `"items": [{"product_id": "POST", "quantity": 1e40}]}`,
			`items[0].quantity: 1e40 is not an integer of 64 bits`},
		{head + `"items": [{"product_id": "a.b", "quantity": 1}]}`,
			`items[0].product_id: "a.b" does not match ^[A-Za-z0-9 _-]{1,64}$`},
		{head + `"items": [7]}`, `items[0]: must be an object, is a number`},
		{head + `"items": [` + line + `], "metadata": {"a": true}}`, `metadata["a"]: must be a string, is a boolean`},
		{head + `"items": [` + line + `], "metadata": {"a": "` + strings.Repeat("é", 501) + `"}}`,
			`metadata["a"]: has 501 characters, more than the maximum 500`},
		{`{"order_id": "` + strings.Repeat("x", 100) + `"}`, `customer_id: required`},
		{strings.Replace(head, orderID, strings.Repeat("x", 100), 1) + `"items": [` + line + `]}`,
			`order_id: "` + strings.Repeat("x", 40) + `..." is not a UUID`},
	} {
		_, err := lookUp(t, events.NameOrderCreated, 1).Decode([]byte(test.payload))
		if err == nil || err.Error() != test.want {
			t.Errorf("Decode(%s):\n got %v\nwant %s", test.payload, err, test.want)
		}
	}
}

// An empty string stands for an absent member in Go, so it must not slip in from the wire.
func TestDecodeRefusesAnEmptyOptionalString(t *testing.T) {
	t.Parallel()
	payload := []byte(`{"order_id": "` + orderID + `", "reason": "out_of_stock", "product_id": ""}`)
	_, err := lookUp(t, events.NameInventoryRejected, 1).Decode(payload)
	if want := "product_id: must not be empty: leave it out instead"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDecodeKeepsNoReferenceToItsInput(t *testing.T) {
	t.Parallel()
	for _, version := range events.Catalog() {
		for name, payload := range golden(t, version) {
			want, err := version.Decode(payload)
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			buffer := bytes.Clone(payload)
			got, err := version.Decode(buffer)
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			clear(buffer)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s changed with the buffer that it was read from", version.Name, name)
			}
		}
	}
}

func TestDecodeTakesTheLastOfTwoMembers(t *testing.T) {
	t.Parallel()
	payload := []byte(`{"order_id": 1, "code": "first", "order_id": "` + orderID + `", "\u0063ode": "l\u0061st"}`)
	event, err := lookUp(t, events.NamePaymentFailed, 1).Decode(payload)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	if want := (events.PaymentFailed{OrderID: orderID, Code: "last"}); event != want {
		t.Errorf("got %+v, want %+v", event, want)
	}
}

func TestDecodeReadsDeepNestingItDoesNotKnow(t *testing.T) {
	t.Parallel()
	decode := lookUp(t, events.NameInventoryReleased, 1).Decode
	nested := func(depth int) []byte {
		return []byte(`{"x": ` + strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth) + `, "order_id": "` + orderID + `"}`)
	}
	if _, err := decode(nested(9000)); err != nil {
		t.Errorf("9000 deep: %v", err)
	}
	if _, err := decode(nested(1_000_000)); err == nil || !strings.HasPrefix(err.Error(), "not JSON") {
		t.Errorf("a million deep: got %v, want it refused as encoding/json does", err)
	}
}

// What JSON cannot carry must not leave the sender, for readers would see another value.
func TestValidateRefusesTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	event := events.OrderCreated{
		OrderID: orderID, CustomerID: "guest", Currency: "GBP", PaymentMethod: "pm",
		Items: []events.Item{{ProductID: "POST", Quantity: 1}},
	}
	for _, test := range []struct {
		metadata map[string]string
		want     string
	}{
		{map[string]string{"a": "\xff"}, `metadata["a"]: is not valid UTF-8`},
		{map[string]string{"\xff": "a"}, `metadata["\xff"]: the name is not valid UTF-8`},
	} {
		event.Metadata = test.metadata
		if err := event.Validate(); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// The doors check ids with these functions before there is an event to validate.
// The one of products is stricter in one thing: no space begins or ends an id.
func TestCheckIDSaysWhatTheSchemasSay(t *testing.T) {
	t.Parallel()
	ids := []string{"", "a", "Z9_-", "85123A", "BANK CHARGES", "a  b", " ", " a", "a ", "a.b", "a*", ">", "é", "\x00", "a\n",
		strings.Repeat("a", 64), strings.Repeat("a", 65)}
	for c := range 0x80 {
		ids = append(ids, string(rune(c)))
	}
	for _, id := range ids {
		event := events.OrderCreated{
			OrderID: orderID, CustomerID: id, Currency: "GBP", PaymentMethod: "pm",
			Items: []events.Item{{ProductID: "POST", Quantity: 1}},
		}
		if got, want := events.CheckID(id), event.Validate(); (got == nil) != (want == nil) {
			t.Errorf("CheckID(%q) says %v, the schema %v", id, got, want)
		}
		event.CustomerID, event.Items[0].ProductID = "guest", id
		bare := strings.Trim(id, " ") == id
		if got, want := events.CheckProductID(id), event.Validate(); (got == nil) != (want == nil && bare) {
			t.Errorf("CheckProductID(%q) says %v, the schema %v", id, got, want)
		}
	}
}

func TestCheckIDSaysWhatAnIDMayHave(t *testing.T) {
	t.Parallel()
	if err := events.CheckProductID("a.b"); err == nil || !strings.Contains(err.Error(), "spaces") {
		t.Errorf("of a product: got %v, want an error that allows spaces", err)
	}
	if err := events.CheckID("a b"); err == nil || strings.Contains(err.Error(), "spaces") {
		t.Errorf("of a customer: got %v, want an error that does not speak of spaces", err)
	}
}
