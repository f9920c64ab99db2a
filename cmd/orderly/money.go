package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// money writes an amount of minor units as people do: 1234 GBP is 12.34 GBP.
func money(minor int64, currency string) string {
	sign, digits := "", strconv.FormatInt(minor, 10)
	if minor < 0 {
		sign, digits = "-", digits[1:]
	}
	n := decimals(currency)
	if n == 0 {
		return sign + digits + " " + currency
	}
	if len(digits) <= n {
		digits = strings.Repeat("0", n+1-len(digits)) + digits
	}
	cut := len(digits) - n
	return fmt.Sprintf("%s%s.%s %s", sign, digits[:cut], digits[cut:], currency)
}

var amountForm = regexp.MustCompile(`^[0-9]{1,16}(\.[0-9]+)?$`)

// checkAmount refuses what is an amount in no currency.
func checkAmount(s string) error {
	if !amountForm.MatchString(s) || strings.Trim(s, "0.") == "" {
		return fmt.Errorf("--amount: %q is not an amount above zero, as 12.34", s)
	}
	return nil
}

// parseMoney reads an amount as people write it: 12.34 GBP is 1234. It has none
// of the digits after the point, or all that the currency has.
func parseMoney(s, currency string) (int64, error) {
	if err := checkAmount(s); err != nil {
		return 0, usageError{err}
	}
	whole, fraction, pointed := strings.Cut(s, ".")
	n := decimals(currency)
	if pointed && len(fraction) != n {
		return 0, usage("--amount: %s has %d digits after the point: in %s there are %d", s, len(fraction), currency, n)
	}
	if !pointed {
		fraction = strings.Repeat("0", n)
	}
	minor, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, usage("--amount: %s is too much", s)
	}
	return minor, nil
}

// decimals is how many digits of an amount are minor units, by ISO 4217.
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}
