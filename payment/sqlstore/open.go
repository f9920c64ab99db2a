package sqlstore

import (
	"context"
	"fmt"
	"time"

	"orderly/payment"
	"orderly/pkg/sqldb"
)

// OpenCredits counts the refunds by hand that the gateway has not answered, and
// says for how long the oldest has waited, by the database's clock.
func (s *Store) OpenCredits(ctx context.Context) (n int, oldest time.Duration, err error) {
	now, err := s.db.Now(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("count open refunds: %w", err)
	}
	first := sqldb.Micros(now)
	err = s.db.Reader().QueryRowContext(ctx, "SELECT count(*), coalesce(min(asked_at), $1) FROM credits WHERE due_at IS NOT NULL AND state = $2",
		first, string(payment.CreditPending)).Scan(&n, &first)
	if err != nil {
		return 0, 0, fmt.Errorf("count open refunds: %w", err)
	}
	return n, time.Duration(sqldb.Micros(now)-first) * time.Microsecond, nil
}
