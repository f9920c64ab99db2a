package gateway

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"orderly/payment"
)

// maxText bounds every text of a request, in bytes.
const maxText = 255

func checkCharge(r payment.ChargeRequest) error {
	return check(r.AmountMinor, field{"key", r.Key}, field{"order id", r.OrderID}, field{"method", r.Method},
		field{"currency", r.Currency})
}

func checkVoid(r payment.VoidRequest) error {
	return check(0, field{"key", r.Key}, field{"order id", r.OrderID})
}

func checkRefund(r payment.RefundRequest) error {
	return check(r.AmountMinor, field{"key", r.Key}, field{"order id", r.OrderID}, field{"charge id", r.ChargeID},
		field{"currency", r.Currency})
}

type field struct{ name, value string }

func check(amountMinor int64, fields ...field) error {
	for _, f := range fields {
		if err := checkText(f.name, f.value); err != nil {
			return err
		}
	}
	if amountMinor < 0 {
		return fmt.Errorf("%w: amount %d is negative", payment.ErrBadRequest, amountMinor)
	}
	return nil
}

// checkText refuses what a database could not store: it would fail the commit of every call beside it.
func checkText(name, value string) error {
	if value == "" {
		return fmt.Errorf("%w: %s is empty", payment.ErrBadRequest, name)
	}
	if len(value) > maxText {
		return fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", payment.ErrBadRequest, name, len(value), maxText)
	}
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return fmt.Errorf("%w: %s is not plain UTF-8 text", payment.ErrBadRequest, name)
	}
	return nil
}
