package events

import "fmt"

const maxIDLen = 64

// CheckID says what is wrong with the id of a customer or a payment method, or
// nil: 1 to 64 letters, digits, hyphens and underscores. Dots, wildcards and
// control characters are refused at the door. The schemas say the same.
func CheckID(id string) error { return checkID(id, false) }

// CheckProductID is CheckID for products, whose ids may have spaces as well,
// because shops have such codes.
func CheckProductID(id string) error { return checkID(id, true) }

func checkID(id string, spaces bool) error {
	if len(id) == 0 || len(id) > maxIDLen {
		return fmt.Errorf("must have between 1 and %d characters, has %d", maxIDLen, len(id))
	}
	for _, r := range id {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == ' ' && spaces:
		default:
			return fmt.Errorf("may have letters, digits, hyphens and underscores only, has %q", r)
		}
	}
	return nil
}
