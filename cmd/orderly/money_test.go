package main

import "testing"

func TestMoney(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		minor    int64
		currency string
	}{
		"12.34 GBP":                 {1234, "GBP"},
		"0.05 EUR":                  {5, "EUR"},
		"0.00 EUR":                  {0, "EUR"},
		"-1.50 EUR":                 {-150, "EUR"},
		"1234 JPY":                  {1234, "JPY"},
		"1.234 KWD":                 {1234, "KWD"},
		"-92233720368547758.08 USD": {-1 << 63, "USD"},
	} {
		if got := money(c.minor, c.currency); got != want {
			t.Errorf("%d %s: got %q, want %q", c.minor, c.currency, got, want)
		}
	}
}
