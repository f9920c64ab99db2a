package shop

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
)

// defaultMethod pays for an order that names no payment method.
const defaultMethod = "pm_card_visa"

// maxOrderLine is more than the API takes as a body, so that the API says it.
const maxOrderLine = 2 << 20

const maxKey = 255

// Order is one line of a file of orders, as the API wants it.
type Order struct {
	Line    int    // its number in the file
	Invoice string // "" if the line names none
	Key     string // idempotency key
	Body    json.RawMessage
}

// OrderReader reads orders, one JSON object a line. The API's own fields go
// through as they are, for the API to judge; a missing payment_method is
// pm_card_visa. The field invoice becomes the idempotency key. All other
// fields become metadata.
//
// A line without an invoice gets a key made of the name that the reader was
// given, the line's number and its text: the same file may be submitted again,
// also after lines were added at its end, and no order is placed twice.
type OrderReader struct {
	// Priority is that of the lines that name none, as express; if it is empty they
	// leave it to the API.
	Priority string

	lines *lines
	name  string
}

// NewOrderReader reads orders from r, which is called name.
func NewOrderReader(r io.Reader, name string) *OrderReader {
	return &OrderReader{lines: newLines(r, maxOrderLine), name: name}
}

// Next returns the next order, or a *[BadLine] after which it may be called
// again, or io.EOF, or what ended the reading.
func (r *OrderReader) Next() (Order, error) {
	text, err := r.lines.next()
	if err != nil {
		return Order{}, err
	}
	o, reason := parseOrder(text, r.Priority)
	if reason != "" {
		return Order{}, r.lines.bad("%s", reason)
	}
	o.Line = r.lines.number
	if o.Key == "" {
		o.Key = r.key(text)
	}
	return o, nil
}

func (r *OrderReader) key(text []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%d\n", r.name, r.lines.number)
	h.Write(text)
	return "line-" + hex.EncodeToString(h.Sum(nil))
}

// parseOrder returns the reason why a line is not an order, or "". The key is
// empty if the line has no invoice.
func parseOrder(text []byte, priority string) (o Order, reason string) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return o, "is not a JSON object"
	}
	body := map[string]any{"payment_method": defaultMethod}
	if priority != "" {
		body["priority"] = priority
	}
	metadata, extra := make(map[string]string), make(map[string]string)
	for name, value := range object {
		if string(value) == "null" {
			continue // as if it were not there
		}
		switch name {
		case "invoice":
			if o.Invoice, reason = invoice(value); reason != "" {
				return o, reason
			}
		case "customer_id", "currency", "items", "payment_method", "priority", "expected_total":
			body[name] = value
		case "metadata":
			if json.Unmarshal(value, &metadata) != nil {
				return o, "metadata is not an object of texts"
			}
		default:
			extra[name] = plain(value)
		}
	}
	maps.Copy(metadata, extra)
	if len(metadata) > 0 {
		body["metadata"] = metadata
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return o, err.Error()
	}
	o.Key, o.Body = o.Invoice, raw
	return o, ""
}

func invoice(value json.RawMessage) (number, reason string) {
	number = plain(value)
	if number == "" || len(number) > maxKey {
		return "", fmt.Sprintf("invoice must have between 1 and %d characters, has %d", maxKey, len(number))
	}
	for _, c := range []byte(number) {
		if c < ' ' || c > '~' {
			return "", fmt.Sprintf("invoice %q has characters that an idempotency key cannot have", number)
		}
	}
	return number, ""
}

// plain is the text of a JSON string, and any other value as it is written.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}
