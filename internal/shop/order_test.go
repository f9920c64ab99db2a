package shop_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"orderly/internal/shop"
)

// readOrders reads a file of orders to its end.
func readOrders(t testing.TB, name, text string) (good []shop.Order, bad []string) {
	t.Helper()
	r := shop.NewOrderReader(strings.NewReader(text), name)
	for {
		o, err := r.Next()
		var line *shop.BadLine
		switch {
		case errors.Is(err, io.EOF):
			return good, bad
		case errors.As(err, &line):
			bad = append(bad, err.Error())
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, o)
		}
	}
}

func TestOrderReader_makes_what_the_API_wants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, line, key, body string }{
		{
			"invoice and extras",
			`{"invoice":"536365","placed_at":"2010","n":7,"customer_id":"c","currency":"GBP","items":[{"product_id":"A","quantity":6}]}`, "536365",
			`{"currency":"GBP","customer_id":"c","items":[{"product_id":"A","quantity":6}],"metadata":{"n":"7","placed_at":"2010"},"payment_method":"pm_card_visa"}`,
		},
		{
			"all of its own",
			`{"invoice":12,"customer_id":"c","currency":"GBP","items":[],"payment_method":"pm_x","priority":"express","expected_total":100,"metadata":{"a":"b"},"c":{"d": 1}}`, "12",
			`{"currency":"GBP","customer_id":"c","expected_total":100,"items":[],"metadata":{"a":"b","c":"{\"d\": 1}"},"payment_method":"pm_x","priority":"express"}`,
		},
		{
			"wrong values are left to the API",
			`{"invoice":"x","customer_id":1,"items":"no","gone":null,"payment_method":null}`, "x",
			`{"customer_id":1,"items":"no","payment_method":"pm_card_visa"}`,
		},
	} {
		good, bad := readOrders(t, "f", c.line)
		if len(good) != 1 || len(bad) != 0 {
			t.Errorf("%s: got %v and %v", c.name, good, bad)
			continue
		}
		if got := string(good[0].Body); got != c.body || good[0].Key != c.key || good[0].Invoice != c.key {
			t.Errorf("%s: got key %q and\n%s, want %q and\n%s", c.name, good[0].Key, got, c.key, c.body)
		}
	}
}

func TestOrderReader_keys_of_lines_without_invoice(t *testing.T) {
	t.Parallel()
	const line = `{"customer_id":"c"}` + "\n"
	first, _ := readOrders(t, "f", line+line)
	again, _ := readOrders(t, "f", line+line+`{"customer_id":"d"}`)
	other, _ := readOrders(t, "g", line)
	if first[0].Key == first[1].Key {
		t.Error("two orders of one file share a key")
	}
	if first[0].Key != again[0].Key || first[1].Key != again[1].Key {
		t.Error("the same lines of a file that grew got other keys: they would be ordered twice")
	}
	if first[0].Key == other[0].Key {
		t.Error("lines of two files share a key")
	}
}

func TestOrderReader_names_bad_lines_and_goes_on(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		`garbage`:                             "is not a JSON object",
		`[1]`:                                 "is not a JSON object",
		`null`:                                "is not a JSON object",
		`{"invoice":"a"`:                      "is not a JSON object",
		`{"invoice":"a"} {"invoice":"b"}`:     "is not a JSON object",
		`{"invoice":""}`:                      "invoice must have between 1 and 255 characters",
		`{"invoice":"ü"}`:                     "cannot have",
		`{"invoice":"a\nb"}`:                  "cannot have",
		`{"metadata":{"a":1}}`:                "metadata is not an object of texts",
		`{"metadata":[]}`:                     "metadata is not an object of texts",
		`{"x":"` + strings.Repeat("x", 3<<20): "is longer than 2048 KiB",
		`{"invoice":"` + strings.Repeat("9", 300) + `"}`: "has 300",
	} {
		good, bad := readOrders(t, "f", "\n"+text+"\n"+`{"invoice":"good"}`)
		if len(bad) != 1 || !strings.HasPrefix(bad[0], "line 2: ") || !strings.Contains(bad[0], reason) {
			t.Errorf("%.40q: got %.200q, want one with %q", text, bad, reason)
		}
		if len(good) != 1 || good[0].Invoice != "good" || good[0].Line != 3 {
			t.Errorf("%.40q: the line after it was lost: %v", text, good)
		}
	}
}

// FuzzOrderLine: whatever a file of orders holds, reading it ends, and what is
// taken is a JSON object with a key that a header can carry.
func FuzzOrderLine(f *testing.F) {
	f.Add(`{"invoice":"1","customer_id":"c","items":[{"product_id":"A","quantity":-1}],"x":null}`)
	f.Add(`{"metadata":{"a":"b"},"a":2}` + "\n[]\n{}")
	f.Add("\ufeff{}\r\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		good, bad := readOrders(t, "f", text)
		if lines := strings.Count(text, "\n") + 1; len(good)+len(bad) > lines {
			t.Errorf("%d orders and %d bad lines of %d lines", len(good), len(bad), lines)
		}
		for _, o := range good {
			var body map[string]json.RawMessage
			if err := json.Unmarshal(o.Body, &body); err != nil || body["payment_method"] == nil {
				t.Errorf("line %d became %s: %v", o.Line, o.Body, err)
			}
			if o.Key == "" || len(o.Key) > 255 || strings.ContainsFunc(o.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("line %d got the key %q", o.Line, o.Key)
			}
		}
	})
}

// A priority for the whole file goes to the lines that have none of their own.
func TestOrderReader_priority(t *testing.T) {
	t.Parallel()
	r := shop.NewOrderReader(strings.NewReader("{}\n{\"priority\":\"standard\"}\n"), "f")
	r.Priority = "express"
	for _, want := range []string{"express", "standard"} {
		o, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		var body struct{ Priority string }
		if err := json.Unmarshal(o.Body, &body); err != nil || body.Priority != want {
			t.Errorf("got %s, %v, want the priority %q", o.Body, err, want)
		}
	}
}
