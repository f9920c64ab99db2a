package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

// startMargin covers what was delivered but not handled when a durable went, and the
// time between the versions in which an event is said.
const startMargin = 10 * time.Minute

// start finds where a durable begins that is not there: because it vanished, or
// because the service reads another version than before.
type start struct {
	db      *sqldb.DB
	horizon horizon
}

// at is a little before the last time that the service handled something of what is
// heard, by whichever durable, and before the oldest message that the furthest of them
// has not answered. What is heard twice then is answered as before. Zero, the stream's
// beginning, if the service never handled any.
func (s start) at(ctx context.Context, heard hearing) (time.Time, error) {
	var handled time.Time
	channels := slices.Concat(heard.channels, heard.retired)
	for _, c := range channels {
		last, ok, err := engine.LastHandled(ctx, s.db, c.durable)
		if err != nil {
			return time.Time{}, err
		}
		if ok && last.After(handled) {
			handled = last
		}
	}
	if handled.IsZero() {
		return handled, nil
	}
	far, err := s.horizon.lookAmong(ctx, channels)
	if err != nil || far.info == nil {
		return handled.Add(-startMargin), err
	}
	stream, err := s.horizon.js.Stream(ctx, far.stream)
	if err != nil {
		return time.Time{}, err
	}
	unanswered, err := oldest(ctx, stream, far.info.AckFloor.Stream+1, far.filters)
	if !unanswered.IsZero() && unanswered.Before(handled) {
		handled = unanswered
	}
	return handled.Add(-startMargin), err
}

// rejoin removes the service's durables that it had left for others, and that stand
// where nobody needs them: they are made anew where a new one begins. Otherwise a
// service that goes back to a version would hear first all that it heard meanwhile.
func (s *Service) rejoin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()
	js := s.deps.Bus.JetStream()
	from := start{db: s.DB, horizon: horizon{js: js}}
	for _, c := range channels(s.Name, s.listens, s.deps.Versions) {
		own, err := from.horizon.lookAt(ctx, c)
		if err != nil {
			return err
		}
		if own.info == nil || own.live() || own.next.IsZero() {
			continue
		}
		begins, err := from.at(ctx, c.heard)
		if err != nil {
			return err
		}
		if !own.next.Before(begins) {
			continue
		}
		if err := js.DeleteConsumer(ctx, c.stream, c.durable); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
		s.deps.Logger.Info("a consumer that was left goes on where the service is", zap.String("service", s.Name),
			zap.String("consumer", c.durable), zap.Time("was", own.next), zap.Time("is", begins))
	}
	return nil
}
