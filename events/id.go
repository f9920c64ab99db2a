package events

import (
	"errors"
	"fmt"
	"strings"
)

const maxIDLen = 64

// CheckID says what is wrong with the id of a customer or a payment method, or
// nil: 1 to 64 letters, digits, hyphens and underscores. Dots, wildcards and
// control characters are refused at the door. The schemas say the same.
func CheckID(id string) error {
	return checkID(id, "", "letters, digits, hyphens and underscores")
}

// CheckProductID is CheckID for products, whose ids may have spaces inside as
// well, because shops have such codes. The schemas also take spaces at the ends:
// an id in an event is the one that was let in.
func CheckProductID(id string) error {
	if err := checkID(id, " ", "letters, digits, hyphens, underscores and spaces"); err != nil {
		return err
	}
	if strings.Trim(id, " ") != id {
		return errors.New("must not begin or end with a space")
	}
	return nil
}

// checkID says in words what an id is made of, more being what it may have
// beside the characters of every id.
func checkID(id, more, words string) error {
	if len(id) == 0 || len(id) > maxIDLen {
		return fmt.Errorf("must have between 1 and %d characters, has %d", maxIDLen, len(id))
	}
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', strings.ContainsRune(more, r):
		default:
			return fmt.Errorf("may have %s only, has %q", words, r)
		}
	}
	return nil
}

// CheckCountry says what is wrong with the country of a customer, or nil: an ISO
// 3166-1 code of two capital letters, or nothing if it is not known.
func CheckCountry(code string) error {
	if code != "" && !isCountry(code) {
		return errors.New("must be a country code of two capital letters, as GB")
	}
	return nil
}

// CheckChannel says what is wrong with the name of where an order was placed, or
// nil: up to 32 small letters, digits, hyphens and underscores, or nothing if it
// is not known.
func CheckChannel(name string) error {
	if name != "" && !isChannel(name) {
		return errors.New("must have 1 to 32 small letters, digits, hyphens and underscores, as web")
	}
	return nil
}
