package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Now returns the time by the database's clock, in UTC and in whole
// microseconds, outside any write transaction.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := db.InReadTx(ctx, func(tx *sql.Tx) (err error) {
		now, err = db.dialect.Now(ctx, tx)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return now.UTC().Truncate(time.Microsecond), nil
}
