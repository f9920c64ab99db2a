package gateway

import (
	"slices"
	"strings"
)

// The codes of declines that do not come from the name of a card.
const (
	codeDeclined      = "card_declined"
	codeUnknownMethod = "payment_method_unknown"
)

// goodCards are the payment methods that capture.
var goodCards = []string{
	"pm_card_visa", "pm_card_visa_debit",
	"pm_card_mastercard", "pm_card_mastercard_debit", "pm_card_mastercard_prepaid",
	"pm_card_amex", "pm_card_discover", "pm_card_diners", "pm_card_jcb", "pm_card_unionpay",
}

// declines gives the code for what follows pm_card_chargeDeclined or pm_card_visa_chargeDeclined: the test
// cards use both prefixes.
var declines = map[string]string{
	"":                      codeDeclined,
	"ExpiredCard":           "expired_card",
	"Fraudulent":            "fraudulent",
	"IncorrectCvc":          "incorrect_cvc",
	"InsufficientFunds":     "insufficient_funds",
	"LostCard":              "lost_card",
	"ProcessingError":       "processing_error",
	"StolenCard":            "stolen_card",
	"VelocityLimitExceeded": "card_velocity_exceeded",
}

// declineCode says why a payment method is declined, "" if it is not.
func declineCode(method string) string {
	if slices.Contains(goodCards, method) {
		return ""
	}
	for _, prefix := range []string{"pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"} {
		reason, named := strings.CutPrefix(method, prefix)
		if code, known := declines[reason]; named && known {
			return code
		}
	}
	return codeUnknownMethod
}
