package engine

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"
)

// republishPage is how many letters are read at a time, with their payloads.
const republishPage = 100

// Republish publishes each letter that is dead once more, under its old id: after
// a loss of the stream it holds what the table does. Whoever reads the stream
// tells copies by dlq-id. It returns how many the broker took; an error ends it.
func (d *DeadLetters) Republish(ctx context.Context) (int, error) {
	if d.e.cfg.JetStream == nil {
		return 0, fmt.Errorf("republish dead letters: the engine has no JetStream")
	}
	done := 0
	for after := (LetterPlace{}); ; {
		page, err := d.List(ctx, LetterFilter{After: after, Limit: republishPage})
		if err != nil || len(page) == 0 {
			return done, err
		}
		ids := make([]string, len(page))
		for i := range page {
			ids[i] = page[i].ID
		}
		letters, err := d.load(ctx, ids)
		if err != nil {
			return done, err
		}
		if err := d.publish(ctx, letters); err != nil {
			return done, fmt.Errorf("republish dead letters, after %d: %w", done, err)
		}
		done += len(letters)
		after = page[len(page)-1].Place()
	}
}

func (d *DeadLetters) publish(ctx context.Context, letters map[string]*Letter) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(burying)
	for _, l := range letters {
		all.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, publishTry)
			defer cancel()
			m := l.publication()
			_, err := d.e.cfg.JetStream.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
			return err
		})
	}
	return all.Wait()
}
