package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Now returns the time by the database's clock, in UTC and in whole
// microseconds, outside any write transaction.
func (db *DB) Now(ctx context.Context) (now time.Time, err error) {
	err = db.InReadTx(ctx, func(tx *sql.Tx) error {
		now, err = db.NowIn(ctx, tx)
		return err
	})
	return now, err
}

// NowIn is [DB.Now] in a transaction of [DB.InReadTx].
func (db *DB) NowIn(ctx context.Context, tx *sql.Tx) (now time.Time, err error) {
	if db.dialect.Now == "" {
		return ownClock(), nil
	}
	if err := tx.QueryRowContext(ctx, db.dialect.Now).Scan(ScanTime(&now)); err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return now, nil
}

func ownClock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
