package event_test

import (
	"testing"

	"orderly/pkg/event"
)

// Ids are for ever: these must never change.
func TestDeriveID_is_fixed(t *testing.T) {
	t.Parallel()
	tests := []struct{ key, name, want string }{
		{"0198c1a2-7f01-7abc-8def-0123456789ab", "greetings.sent", "0198c1a2-7f01-8b88-b114-c362f1c0fb90"},
		{"0198C1A2-7F01-7ABC-8DEF-0123456789AB", "greetings.sent", "0198c1a2-7f01-892c-8d01-b8f5a1fbde39"},
		{"not a uuid", "greetings.sent", "9317849e-ebea-8e76-9036-a18bd4a2eea1"},
		{"0198c1a2x7f01-7abc-8def-0123456789ab", "greetings.sent", "27cff141-86b6-8d10-9b65-0950dd4d17f6"},
		{"", "", "6e340b9c-ffb3-8a98-9ca5-44e6bb780a2c"},
	}
	for _, test := range tests {
		if got := event.DeriveID(test.key, test.name); got != test.want {
			t.Errorf("DeriveID(%q, %q) = %q, want %q", test.key, test.name, got, test.want)
		}
	}
}
