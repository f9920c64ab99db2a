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

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for s, c := range map[string]struct {
		currency string
		want     int64 // 0: refused
	}{
		"12.34":             {"GBP", 1234},
		"12":                {"GBP", 1200},
		"0.05":              {"EUR", 5},
		"1234":              {"JPY", 1234},
		"1.234":             {"KWD", 1234},
		"1.5":               {"EUR", 0},
		"1.0":               {"JPY", 0},
		"1.":                {"EUR", 0},
		".5":                {"EUR", 0},
		"-1":                {"EUR", 0},
		"+1":                {"EUR", 0},
		"1e3":               {"EUR", 0},
		"1,50":              {"EUR", 0},
		"0.00":              {"EUR", 0},
		"":                  {"EUR", 0},
		"9999999999999999":  {"KWD", 0},
		"99999999999999999": {"JPY", 0},
	} {
		got, err := parseMoney(s, c.currency)
		if (err != nil) != (c.want == 0) || err == nil && got != c.want {
			t.Errorf("%q %s: got %d, %v, want %d", s, c.currency, got, err, c.want)
		}
		if err != nil && exitCode(err) != exitUsage {
			t.Errorf("%q %s: exit code %d", s, c.currency, exitCode(err))
		}
	}
}
