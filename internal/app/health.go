package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"orderly/pkg/httpkit"
	"orderly/pkg/sqldb"
)

const (
	// stalledAfter is when a loop counts as hung: what it does times out long
	// before, so that only a loop that stands still gets there.
	stalledAfter = 2 * time.Minute
	// muteAfter is longer than the election of a leader takes.
	muteAfter = 15 * time.Second
	// schemaEvery is how often a schema that was complete is looked at again.
	schemaEvery = time.Minute
)

// newHealth is what /readyz and /livez ask.
func newHealth(p *Process, cfg ProcessConfig) *httpkit.Health {
	h := httpkit.NewHealth()
	h.Ready("nats", func(ctx context.Context) error {
		if s := cfg.Bus.State(); !s.Connected {
			return fmt.Errorf("not connected to %s since %s: %s", s.URL, s.Since.Format(time.RFC3339), s.LastError)
		}
		_, err := cfg.Bus.JetStream().AccountInfo(ctx)
		return err
	})
	h.Live("probe", p.probe.alive)
	for _, s := range cfg.Services {
		h.Ready(s.Name+"-database", s.DB.Ping)
		h.Ready(s.Name+"-migrations", schemaCheck(s.DB, s.deps.Schema))
		h.Ready(s.Name+"-clock", clockCheck(s.DB, time.Now))
		h.Ready(s.Name+"-publishing", s.publishes)
		h.Ready(s.Name+"-consumers", s.hears)
		h.Ready(s.Name+"-topology", s.custody.check)
		for name, check := range s.Checks {
			h.Ready(s.Name+"-"+name, check)
		}
		h.Live(s.Name+"-engine", func(context.Context) error { return stalls(s.Engine.Stalled()) })
		h.Live(s.Name+"-custody", s.custody.alive)
		h.Live(s.Name+"-figures", s.figures.alive)
	}
	return h
}

func stalls(d time.Duration) error {
	if d <= stalledAfter {
		return nil
	}
	return fmt.Errorf("it has been busy with one thing for %s", d.Round(time.Second))
}

// publishes fails while the broker takes nothing.
func (s *Service) publishes(context.Context) error {
	if d := s.Engine.Mute(); d > muteAfter {
		return fmt.Errorf("the broker has taken no event for %s: look at its disk, at the limit of its JetStream storage and at its log; a broker in this process must be started again", d.Round(time.Second))
	}
	return nil
}

// hears fails while messages wait that do not come, and to bind their consumer anew
// has not helped.
func (s *Service) hears(context.Context) error {
	var failing []string
	for _, c := range s.Engine.Stats().Consumers {
		if c.Failing != "" {
			failing = append(failing, fmt.Sprintf("consumer %s/%s, bound anew %d times: %s", c.Stream, c.Name, c.Rebinds, c.Failing))
		}
	}
	if len(failing) == 0 {
		return nil
	}
	return errors.New(strings.Join(failing, "; "))
}

// schemaCheck fails if the database lacks what this build needs, or a newer build
// has changed it so that this one no longer works with it.
func schemaCheck(db *sqldb.DB, schema sqldb.Schema) httpkit.Check {
	var mu sync.Mutex // guards well
	var well time.Time
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if !well.IsZero() && time.Since(well) < schemaEvery {
			return nil
		}
		err := db.Check(ctx, schema)
		if err == nil {
			well = time.Now()
		}
		return err
	}
}
