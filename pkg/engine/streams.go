package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"orderly/pkg/sqldb"
)

// StreamMark is how far a stream was when somebody looked last. A stream that was
// created at another time, or that has another message at that sequence or none,
// has lost what it held. Times are the broker's, in whole microseconds.
type StreamMark struct {
	Stream  string
	Created time.Time
	LastSeq uint64
	LastAt  time.Time
	// WholeSince is when the stream was last found to have lost something: it has
	// all that was published later. Zero if it never was.
	WholeSince time.Time
}

// StreamMarks returns what [SaveStreamMarks] saved, by the stream's name.
func StreamMarks(ctx context.Context, db *sqldb.DB) (map[string]StreamMark, error) {
	rows, err := db.Reader().QueryContext(ctx, "SELECT stream, created_at, last_seq, last_at, whole_since FROM engine_streams")
	if err != nil {
		return nil, fmt.Errorf("read how far the streams were: %w", err)
	}
	defer rows.Close()
	marks := make(map[string]StreamMark)
	for rows.Next() {
		var m StreamMark
		var last, whole int64
		if err := rows.Scan(&m.Stream, sqldb.ScanTime(&m.Created), &last, sqldb.ScanTime(&m.LastAt), &whole); err != nil {
			return nil, fmt.Errorf("read how far the streams were: %w", err)
		}
		m.LastSeq = uint64(last)
		if whole > 0 {
			m.WholeSince = time.UnixMicro(whole).UTC()
		}
		marks[m.Stream] = m
	}
	return marks, rows.Err()
}

// saveMark may overwrite: what two replicas saw of a stream differs by seconds, and
// a loss that one has found stays known.
const saveMark = `INSERT INTO engine_streams (stream, created_at, last_seq, last_at, whole_since) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (stream) DO UPDATE SET created_at = excluded.created_at, last_seq = excluded.last_seq, last_at = excluded.last_at,
	whole_since = CASE WHEN excluded.whole_since > engine_streams.whole_since THEN excluded.whole_since ELSE engine_streams.whole_since END`

// SaveStreamMarks keeps marks for the next process of the service. Several
// replicas may save theirs: the last one counts, but for WholeSince, of which the
// latest does. They are written in key order, since replicas write the same rows.
func SaveStreamMarks(ctx context.Context, db *sqldb.DB, marks ...StreamMark) error {
	marks = slices.SortedFunc(slices.Values(marks), func(a, b StreamMark) int { return cmp.Compare(a.Stream, b.Stream) })
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		for _, m := range marks {
			var whole int64
			if !m.WholeSince.IsZero() {
				whole = sqldb.Micros(m.WholeSince)
			}
			tx.Exec(m.Stream, saveMark, m.Stream, sqldb.Micros(m.Created), int64(m.LastSeq), sqldb.Micros(m.LastAt), whole)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save how far the streams are: %w", err)
	}
	return nil
}
