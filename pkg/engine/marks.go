package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"orderly/pkg/sqldb"
)

// markEvery is how often the time of the last handled input is written down.
const markEvery = 10 * time.Second

// probe is no consumer: its mark shows that the database can be written to.
const probe = "(probe)"

// marks remembers when a consumer last handled something, so that a durable
// that vanished from the broker need not start from the beginning.
type marks struct {
	db      *sqldb.DB
	written map[string]time.Time // by consumer, as committed
	pending map[string]time.Time // in the running transaction
}

func newMarks(db *sqldb.DB) *marks {
	return &marks{db: db, written: make(map[string]time.Time)}
}

// save marks the consumers of a batch, in key order: replicas write the same
// rows.
func (m *marks) save(tx *sqldb.Tx, now time.Time, inputs []*Input) {
	m.pending = nil
	for _, in := range inputs {
		if in.letter == nil || now.Sub(m.written[in.letter.consumer]) < markEvery {
			continue
		}
		if m.pending == nil {
			m.pending = make(map[string]time.Time)
		}
		m.pending[in.letter.consumer] = now
	}
	for _, consumer := range slices.Sorted(maps.Keys(m.pending)) {
		m.write(tx, consumer, now)
	}
}

// write is no state that anything is decided on: the last one counts.
func (m *marks) write(tx *sqldb.Tx, consumer string, now time.Time) {
	tx.Exec("mark the progress of consumer "+consumer, `INSERT INTO engine_marks (handled_at, consumer) VALUES ($1, $2)
		ON CONFLICT (consumer) DO UPDATE SET handled_at = excluded.handled_at`, sqldb.Micros(now), consumer)
}

func (m *marks) saved() {
	for consumer, at := range m.pending {
		m.written[consumer] = at
	}
}

// LastHandled returns when a consumer last handled something, by the
// database's clock and up to ten seconds too early; false if it never did. A
// durable that vanished may start a little before that instead of at the
// beginning of its stream. It is the time of the handling, not of the message:
// a consumer that lagged when its durable went must start earlier by as much,
// or somebody must say again what it missed.
func LastHandled(ctx context.Context, db *sqldb.DB, consumer string) (time.Time, bool, error) {
	var at time.Time
	err := db.Reader().QueryRowContext(ctx, `SELECT handled_at FROM engine_marks WHERE consumer = $1`, consumer).Scan(sqldb.ScanTime(&at))
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read the progress of consumer %s: %w", consumer, err)
	}
	return at, true, nil
}
