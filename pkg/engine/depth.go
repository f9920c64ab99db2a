package engine

import (
	"context"
	"strconv"
	"time"

	"go.uber.org/zap"

	"orderly/pkg/sqldb"
)

// Depth is how many dead letters of one kind there are, and for how long the
// oldest has waited.
type Depth struct {
	Kind   string
	Count  int
	Oldest time.Duration
}

// depths is what the last look found.
type depths struct {
	at    time.Time // by this process's clock
	kinds []Depth
}

const (
	// maxDepth bounds what a look counts: more than that is deep enough.
	maxDepth = 100_000
	// maxKnown bounds how many dead letters are watched for being handled after
	// all, the newest of them.
	maxKnown = 10_000
)

// Depth returns how many dead letters there are, by kind, as a look every five
// seconds found them: it asks nobody. Nothing before the first look. It counts up
// to 100,000.
func (d *DeadLetters) Depth() []Depth {
	found := d.e.replays.depths.Load()
	if found == nil {
		return nil
	}
	out := make([]Depth, len(found.kinds))
	for i, k := range found.kinds {
		k.Oldest += time.Since(found.at)
		out[i] = k
	}
	return out
}

// look counts the dead letters, learns which events they are of, and goes on with
// replays that another process left. Where there are none, it costs a query.
func (r *replays) look() {
	ctx, cancel := context.WithTimeout(r.e.ctx, lookEvery)
	defer cancel()
	found, err := r.count(ctx)
	if err == nil {
		err = r.know(ctx, found)
	}
	if err == nil {
		r.depths.Store(found) // afterwards, so that whoever reads it finds all of it known
		err = r.resume(ctx)
	}
	if err != nil && ctx.Err() == nil {
		r.e.log.Warn("dead letters could not be looked at", zap.Error(err))
	}
}

func (r *replays) count(ctx context.Context) (*depths, error) {
	now, err := r.e.cfg.DB.Now(ctx)
	if err != nil {
		return nil, err
	}
	found := &depths{at: time.Now()}
	rows, err := r.e.cfg.DB.Reader().QueryContext(ctx, `SELECT kind, count(*), min(dead_at) FROM (SELECT kind, dead_at FROM `+lettersTable+
		` WHERE handler = $1 AND state = $2 ORDER BY dead_at LIMIT `+strconv.Itoa(maxDepth)+`) AS dead GROUP BY kind ORDER BY kind`, r.e.cfg.Name, string(LetterDead))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var d Depth
		var oldest time.Time
		if err := rows.Scan(&d.Kind, &d.Count, sqldb.ScanTime(&oldest)); err != nil {
			return nil, err
		}
		d.Oldest = now.Sub(oldest)
		found.kinds = append(found.kinds, d)
	}
	return found, rows.Err()
}

// know learns which events have dead letters. A broken copy says nothing about
// the event of its id.
func (r *replays) know(ctx context.Context, found *depths) error {
	known := make(map[string]string)
	if len(found.kinds) > 0 {
		rows, err := r.e.cfg.DB.Reader().QueryContext(ctx, `SELECT event_id, id FROM `+lettersTable+
			` WHERE handler = $1 AND state = $2 AND kind <> $3 ORDER BY dead_at DESC, id DESC LIMIT `+strconv.Itoa(maxKnown), r.e.cfg.Name, string(LetterDead), kindUndecodable)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var cause, id string
			if err := rows.Scan(&cause, &id); err != nil {
				return err
			}
			known[cause] = id
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	r.e.letters.known.Store(&known)
	return nil
}

// resume replays what was begun and not ended: its process died before all that
// it led to was published, or before an outside call had an outcome.
func (r *replays) resume(ctx context.Context) error {
	d := r.e.DeadLetters()
	left, err := d.List(ctx, LetterFilter{State: LetterReplaying, Limit: maxLetters})
	if err != nil || len(left) == 0 {
		return err
	}
	now, err := r.e.cfg.DB.Now(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, l := range left {
		if now.Sub(l.ChangedAt) >= resumeAfter {
			ids = append(ids, l.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	act := Act{By: "engine " + r.e.cfg.Name, Why: "a replay was begun and not ended"}
	results, err := d.replay(ctx, replay{act: act, resumes: true}, ids)
	r.e.log.Info("replays that were broken off go on", zap.Int("letters", len(results)))
	return err
}
