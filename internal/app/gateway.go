package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderly/pkg/breaker"
	"orderly/pkg/httpkit"
)

// gatewayCheck warns while the breaker is not closed: the service itself works, so
// requests may be sent to it all the same.
func gatewayCheck(b *breaker.Breaker) httpkit.Check {
	return func(context.Context) error {
		s := b.Status()
		if s.State == breaker.Closed {
			return nil
		}
		text := fmt.Sprintf("calls to the payment gateway have failed since %s, charges and refunds wait, orders are accepted: %s",
			s.Since.UTC().Format(time.RFC3339), s.Reason)
		if s.State == breaker.Open {
			text += "; asked again at " + s.NextProbe.UTC().Format(time.RFC3339)
		}
		return httpkit.Warning(errors.New(text))
	}
}
