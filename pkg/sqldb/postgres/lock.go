package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/pressly/goose/v3/lock"
)

// migrationLock is an advisory lock of the session: it ends with the connection
// whatever happens to the process.
type migrationLock struct{ key int64 }

var _ lock.SessionLocker = migrationLock{}

const lockPoll = 50 * time.Millisecond

func newMigrationLock(table string) lock.SessionLocker {
	h := fnv.New64a()
	_, _ = h.Write([]byte("orderly/pkg/sqldb migrations " + table))
	return migrationLock{key: int64(h.Sum64())}
}

// SessionLock asks again and again: a statement that waits for the lock would
// hold up CREATE INDEX CONCURRENTLY in the replica that has it.
func (l migrationLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		var got bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", l.key).Scan(&got); err != nil {
			return fmt.Errorf("lock migrations: %w", err)
		}
		if got {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("another replica is migrating: %w", ctx.Err())
		}
	}
}

func (l migrationLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", l.key); err != nil {
		return fmt.Errorf("unlock migrations: %w", err)
	}
	return nil
}
