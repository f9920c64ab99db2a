package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"orderly/pkg/engine"
	"orderly/pkg/natsbus"
	"orderly/pkg/sqldb"
)

const (
	custodyEvery = 5 * time.Second
	// custodyDoubt is when something that looks lost is looked at again: a node
	// that was elected just now may not have read its whole log.
	custodyDoubt = time.Second
	// custodyLook bounds one look, in which some streams may have no leader.
	custodyLook = 30 * time.Second
	// custodyLeave bounds the last one, for which a stop waits.
	custodyLeave = 2 * time.Second
)

// custody watches how the broker keeps what it acknowledged, and how its streams
// and consumers are set up. It finds losses, also those from before its start,
// logs and counts them, and makes the service's consumers anew that a loss left
// in the wrong place. What was lost is said again by redrive.
type custody struct {
	loop
	service  string
	topology natsbus.Topology
	js       jetstream.JetStream
	db       *sqldb.DB
	log      *zap.Logger
	losses   *prometheus.CounterVec
	restore  func(context.Context) error
	found    func() // nil, or told of each loss

	marks     map[string]engine.StreamMark // by stream; nil until they were read
	saved     map[string]engine.StreamMark
	consumers map[string]time.Time // by name, when it was created
	doubts    map[string]bool      // what looked lost the last time, by kind and name
	misplaced map[string]bool      // consumers that have yet to be made anew, by name

	mu         sync.Mutex // guards difference
	difference natsbus.Difference
}

func newCustody(s *Service) *custody {
	return &custody{
		service:   s.Name,
		topology:  s.topology,
		js:        s.deps.Bus.JetStream(),
		db:        s.DB,
		log:       s.deps.Logger.With(zap.String("service", s.Name)),
		losses:    newLossMetric(s.deps.Metrics),
		restore:   s.reconcile,
		consumers: make(map[string]time.Time),
		doubts:    make(map[string]bool),
		misplaced: make(map[string]bool),
	}
}

// watch looks once, for the loop.
func (c *custody) watch(ctx context.Context) (pause time.Duration) {
	if err := c.look(ctx); err != nil && ctx.Err() == nil {
		c.log.Warn("how the broker keeps its streams could not be looked at", zap.Error(err))
	}
	if len(c.doubts)+len(c.misplaced) > 0 {
		return custodyDoubt
	}
	return custodyEvery
}

// leave looks a last time, so that the next process knows how far the streams
// were.
func (c *custody) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, custodyLeave)
	defer cancel()
	if err := c.look(ctx); err != nil {
		c.log.Info("how far the streams are was not noted at the end", zap.Error(err))
	}
}

// look asks the broker once and acts on what it says.
func (c *custody) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, custodyLook)
	defer cancel()
	if err := c.remember(ctx); err != nil {
		return err
	}
	view := c.topology.Look(ctx, c.js)
	c.compare(view)
	doubted := c.doubts
	c.doubts = make(map[string]bool)
	var losses []loss
	var errs []error
	for _, s := range view.Streams {
		l, err := c.stream(ctx, s, doubted)
		errs = append(errs, s.Err, err)
		if l != nil {
			losses = append(losses, *l)
		}
	}
	for _, v := range view.Consumers {
		l := c.consumer(v, view.Stream(v.Stream), losses, doubted)
		if l != nil {
			losses = append(losses, *l)
		}
		errs = append(errs, v.Err, c.replace(ctx, v))
	}
	c.report(losses)
	return errors.Join(append(errs, c.save(ctx))...)
}

// remember reads what the process before had seen.
func (c *custody) remember(ctx context.Context) error {
	if c.marks != nil {
		return nil
	}
	marks, err := engine.StreamMarks(ctx, c.db)
	if err != nil {
		return err
	}
	c.marks, c.saved = marks, make(map[string]engine.StreamMark)
	return nil
}

// stream notes how far a stream is, and returns what it lost. A loss that may
// only look like one is believed the second time.
func (c *custody) stream(ctx context.Context, s natsbus.StreamView, doubted map[string]bool) (*loss, error) {
	if s.Info == nil {
		return nil, nil // when it is there again it will be another
	}
	was, known := c.marks[s.Name]
	if known {
		l, err := find(ctx, was, s)
		if err != nil {
			return nil, err
		}
		if l != nil && l.kind != lossRecreated && !c.believed(l.kind+s.Name, doubted) {
			return nil, nil
		}
		if l != nil {
			is := markOf(s.Info)
			is.WholeSince = s.Info.TimeStamp.Truncate(time.Microsecond)
			c.marks[s.Name] = is
			return l, nil
		}
	}
	is := markOf(s.Info)
	is.WholeSince = was.WholeSince
	c.marks[s.Name] = is
	return nil, nil
}

// believed reports whether something was in doubt the last time too.
func (c *custody) believed(what string, doubted map[string]bool) bool {
	if doubted[what] {
		return true
	}
	c.doubts[what] = true
	return false
}

// consumer notes which consumer it is, and returns what was lost of it. It is
// misplaced if it waits beyond the end of its stream, or if its stream went back,
// which leaves its place to chance, and nobody has made it anew since.
func (c *custody) consumer(v natsbus.ConsumerView, s natsbus.StreamView, losses []loss, doubted map[string]bool) *loss {
	kind := lossOf(losses, v.Stream)
	if kind == lossRolledBack {
		c.misplaced[v.Name] = true
	}
	if v.Info == nil {
		if v.Err == nil { // whoever makes it puts it in its place
			delete(c.misplaced, v.Name)
		}
		return nil
	}
	before, known := c.consumers[v.Name]
	if known && c.doubts[lossRolledBack+v.Stream] {
		return nil // another replica, which has no doubt, may have made it anew: see the next time
	}
	c.consumers[v.Name] = v.Info.Created
	if known && !before.Equal(v.Info.Created) {
		if kind != "" || c.misplaced[v.Name] { // which explains it
			delete(c.misplaced, v.Name)
			return nil
		}
		return &loss{stream: v.Stream, consumer: v.Name, kind: lossConsumer, was: "created " + before.Format(time.RFC3339Nano), is: "created " + v.Info.Created.Format(time.RFC3339Nano)}
	}
	l := ahead(v, s)
	if l == nil || c.misplaced[v.Name] || !c.believed(lossAhead+v.Name, doubted) {
		return nil
	}
	c.misplaced[v.Name] = true
	return l
}

// lossOf is what a stream itself lost.
func lossOf(losses []loss, stream string) (kind string) {
	for _, l := range losses {
		if l.stream == stream && l.consumer == "" {
			return l.kind
		}
	}
	return ""
}

// replace makes one of the service's consumers anew that is misplaced, from where
// the service was, unless another replica has done so. It is tried again until the
// old one is gone.
func (c *custody) replace(ctx context.Context, v natsbus.ConsumerView) error {
	if !c.misplaced[v.Name] || v.Info == nil {
		return nil
	}
	now, err := c.js.Consumer(ctx, v.Stream, v.Name)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return err
	}
	if err == nil && now.CachedInfo().Created.Equal(v.Info.Created) {
		c.log.Warn("a consumer is made anew, since its stream went back", zap.String("stream", v.Stream), zap.String("consumer", v.Name))
		if err := c.js.DeleteConsumer(ctx, v.Stream, v.Name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
	}
	delete(c.misplaced, v.Name)
	delete(c.consumers, v.Name)
	return c.restore(ctx)
}

func (c *custody) report(losses []loss) {
	for _, l := range losses {
		c.losses.WithLabelValues(c.service, l.stream, l.kind).Inc()
		c.log.Error("the broker has lost what it had acknowledged: open orders will be announced again",
			zap.String("stream", l.stream), zap.String("consumer", l.consumer), zap.String("kind", l.kind), zap.String("was", l.was), zap.String("is", l.is))
	}
	if len(losses) > 0 && c.found != nil {
		c.found()
	}
}

// save writes down what has changed. A loss that is not healed yet is left for the
// next process to find, should this one end before.
func (c *custody) save(ctx context.Context) error {
	var changed []engine.StreamMark
	for name, m := range c.marks {
		if !same(c.saved[name], m) && !c.unhealed(name) {
			changed = append(changed, m)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := engine.SaveStreamMarks(ctx, c.db, changed...); err != nil {
		return err
	}
	for _, m := range changed {
		c.saved[m.Stream] = m
	}
	return nil
}

// unhealed reports whether a consumer of a stream has yet to be made anew.
func (c *custody) unhealed(stream string) bool {
	return slices.ContainsFunc(c.topology.Consumers, func(k natsbus.Consumer) bool {
		return k.Stream == stream && c.misplaced[k.Config.Durable]
	})
}
