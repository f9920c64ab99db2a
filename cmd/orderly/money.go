package main

import (
	"fmt"
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
