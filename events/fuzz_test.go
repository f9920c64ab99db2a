package events_test

import (
	"testing"

	"orderly/events"
)

// Any bytes at all: no decoder panics, each agrees with the interpreter, and what it returns passes Validate.
func FuzzDecode(f *testing.F) {
	catalog := events.Catalog()
	var judges []judge
	for i, version := range catalog {
		judges = append(judges, newJudge(f, version))
		for _, payload := range golden(f, version) {
			f.Add(uint8(i), []byte(payload))
		}
	}
	f.Add(uint8(0), []byte(` { "order_id" : "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17", "\u006frder_id": [{"]":"}\\"}] } `))
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		i := int(which) % len(catalog)
		compare(t, catalog[i], judges[i], payload)
	})
}
