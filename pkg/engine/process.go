package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

const (
	rerunPause    = 5 * time.Millisecond
	rerunMaxPause = 2 * time.Second
)

// errSpoiled rolls a batch back because an input failed after the state had
// changed: nothing that was loaded or decided may be used again.
var errSpoiled = errors.New("an input failed, the batch runs again without it")

func (e *Engine) run() {
	defer close(e.loop)
	for {
		inputs := e.intake.next()
		if inputs == nil {
			e.intake.drain()
			return
		}
		once := unique(inputs)
		e.stats.duplicates.Add(uint64(len(inputs) - len(once)))
		e.process(once)
	}
}

// unique joins inputs that have one cause: the copies share the outcome.
func unique(inputs []*Input) []*Input {
	type key struct {
		cause           string
		outcome, failed bool
	}
	first := make(map[key]*Input, len(inputs))
	out := make([]*Input, 0, len(inputs))
	for _, in := range inputs {
		if in.cause != "" {
			k := key{in.cause, in.outcome, in.failure != nil}
			if same, ok := first[k]; ok {
				same.join(in)
				continue
			}
			first[k] = in
		}
		out = append(out, in)
	}
	return out
}

// process commits a batch, however often it must run for that, and hands over
// what follows from it.
func (e *Engine) process(inputs []*Input) {
	began := time.Now()
	var seen strikes
	for reruns := 0; ; reruns++ {
		commit := e.tracer.transaction(inputs)
		r, err := e.transact(inputs)
		end(commit, err)
		switch {
		case err == nil:
			r.reruns, r.elapsed = reruns, time.Since(began)
			e.finish(r)
			return
		case errors.Is(err, errSpoiled):
			seen = strikes{}
			continue
		case errors.Is(err, errRehearsed):
			rehearsed(inputs)
			return
		case e.ctx.Err() != nil:
			giveUp(inputs, ErrStopped)
			return
		case !e.passing(err), e.suspect(inputs, &seen, err):
			e.isolate(inputs, r.slow, err)
			return
		}
		e.log.Warn("batch rolled back, running it again", zap.Int("inputs", len(inputs)), zap.Int("reruns", reruns+1), zap.Error(err))
		e.pause(jittered(grow(rerunPause, reruns+1, rerunMaxPause)))
	}
}

func giveUp(inputs []*Input, err error) {
	for _, in := range inputs {
		in.settled(err)
	}
}

// result is a committed batch.
type result struct {
	inputs  []*Input
	states  State
	decided []Decision
	refused []error // by input; nil where it was decided
	verdict []verdict
	events  []event.Event      // to be published, in the order of the inputs
	told    []int              // by input: how many of the events there are when it was decided
	letters map[string]claimed // those that are replayed, locked
	slow    *Input             // nil, or whose decision had not returned when the time was over
	laps    laps
	reruns  int
	elapsed time.Duration
}

// parts are the batch's urgent inputs and the others, each with what followed from
// them; one part if all inputs are of a kind.
func (r *result) parts(urgent func(*Input) bool) []*result {
	if i := slices.IndexFunc(r.inputs, urgent); i < 0 || len(r.inputs) == 1 {
		return []*result{r}
	}
	first, rest := &result{}, &result{}
	from := 0
	for i, in := range r.inputs {
		to := rest
		if urgent(in) {
			to = first
		}
		to.inputs = append(to.inputs, in)
		to.decided = append(to.decided, r.decided[i])
		to.verdict = append(to.verdict, r.verdict[i])
		to.events = append(to.events, r.events[from:r.told[i]]...)
		from = r.told[i]
	}
	if len(rest.inputs) == 0 {
		return []*result{first}
	}
	return []*result{first, rest}
}

// transact runs one batch in one transaction.
func (e *Engine) transact(inputs []*Input) (*result, error) {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.TransactionTimeout)
	defer cancel()
	began := time.Now()
	e.busy.Store(&began)
	defer e.busy.Store(nil)
	r := &result{
		inputs:  inputs,
		decided: make([]Decision, len(inputs)),
		events:  make([]event.Event, 0, len(inputs)),
		told:    make([]int, len(inputs)),
		refused: make([]error, len(inputs)),
		verdict: make([]verdict, len(inputs)),
		laps:    laps{last: began},
	}
	err := e.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := e.decide(ctx, tx, r)
		if err != nil {
			return err
		}
		if err := e.letters.save(ctx, tx, now, r); err != nil {
			return err
		}
		if rehearsal(inputs) {
			return cmp.Or(tx.Send(ctx), errRehearsed)
		}
		e.marks.save(tx, now, inputs)
		r.laps.end(stageSave)
		return nil
	})
	switch {
	case err == nil:
		r.laps.end(stageCommit)
		e.marks.saved()
	case ctx.Err() != nil && !errors.Is(err, errSpoiled): // whatever it failed with, this is why
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return r, err
}

// decide returns the time of the batch.
func (e *Engine) decide(ctx context.Context, tx *sqldb.Tx, r *result) (now time.Time, err error) {
	live := make([]*Input, 0, len(r.inputs))
	for i, in := range r.inputs {
		if in.failure != nil {
			r.refused[i] = in.failure
			continue
		}
		live = append(live, in)
	}
	e.letters.claim(tx, r)
	if len(live) == 0 {
		return tx.Now(ctx)
	}
	err = caught(func() (err error) {
		r.states, err = e.cfg.Decider.Load(ctx, tx, live)
		return err
	})
	if err != nil {
		return now, fmt.Errorf("load: %w", err)
	}
	if now, err = tx.Now(ctx); err != nil {
		return now, err
	}
	r.laps.end(stageLoad)
	for i := range r.inputs {
		if err := e.decideNext(ctx, now, r, i); err != nil {
			return now, err
		}
		r.told[i] = len(r.events)
	}
	r.laps.end(stageDecide)
	if err := caught(func() error { return r.states.Save(ctx, tx) }); err != nil {
		return now, fmt.Errorf("save: %w", err)
	}
	return now, nil
}

// decideNext decides an input, unless it failed before or its letter is not to be
// replayed.
func (e *Engine) decideNext(ctx context.Context, now time.Time, r *result, i int) error {
	in := r.inputs[i]
	if in.failure != nil {
		return nil
	}
	if err := e.letters.claimed(r, in, now); err != nil {
		r.refused[i] = err
		return nil
	}
	return e.decideOne(ctx, now, r, i)
}

// decideOne decides an input and checks that its outputs can be published. An
// error ends the transaction; the input's own refusal is kept in r.
func (e *Engine) decideOne(ctx context.Context, now time.Time, r *result, i int) error {
	in := r.inputs[i]
	if in.span != nil {
		ctx = trace.ContextWithSpan(ctx, in.span)
	}
	began := time.Now()
	var d Decision
	err := caught(func() (err error) {
		d, err = r.states.Decide(ctx, now, in)
		return err
	})
	switch {
	case ctx.Err() != nil && time.Since(began) > e.cfg.TransactionTimeout/2:
		r.slow = in
		return fmt.Errorf("not decided within %v: %w", e.cfg.TransactionTimeout, ctx.Err())
	case isPanic(err):
		in.failure = err
		return errSpoiled
	case err != nil && (ctx.Err() != nil || e.cfg.DB.Retryable(err)):
		return err
	case err != nil:
		r.refused[i] = err
		return nil
	}
	for k := range d.Events {
		if err := caught(func() error { return e.say(r, &d, k, in, now) }); err != nil {
			in.failure = Never(err)
			return errSpoiled
		}
	}
	r.decided[i] = d
	return nil
}

// say completes the k-th output and adds it to what is to be published, in the versions
// that were declared.
func (e *Engine) say(r *result, d *Decision, k int, in *Input, now time.Time) error {
	out := &d.Events[k]
	if err := e.seal(out, in, now); err != nil {
		return err
	}
	if span := e.tracer.said(out, in, e.cfg.Registry.Subject); span != nil {
		d.sends = append(d.sends, span)
	}
	versions, declared := e.cfg.Publish[out.Name]
	if !declared {
		r.events = append(r.events, *out)
		return nil
	}
	for _, version := range versions {
		said := *out
		if version != out.Version {
			said.Version = version
			if err := e.cfg.Registry.Seal(&said); err != nil {
				return err
			}
		}
		r.events = append(r.events, said)
	}
	return nil
}

// seal completes an output from its input.
func (e *Engine) seal(out *event.Event, in *Input, now time.Time) error {
	if out.ID == "" {
		out.ID = event.DeriveID(out.Subject, out.Name)
	}
	out.Version = 0 // the newest, which is what a store records: see Config.Publish
	def(&out.Source, e.cfg.Name)
	def(&out.CorrelationID, in.Meta.CorrelationID)
	def(&out.CausationID, in.Meta.CausationID)
	out.TraceParent = story(out.TraceParent, in.Meta.TraceParent)
	def(&out.Lane, in.Meta.Lane)
	if out.Time.IsZero() {
		out.Time = now
	}
	if e.cfg.JetStream == nil {
		return fmt.Errorf("event %s: the engine has no JetStream to publish it with", out.Name)
	}
	return e.cfg.Registry.Seal(out)
}

// finish answers, publishes and calls what a committed batch led to.
func (e *Engine) finish(r *result) {
	e.answer(r)
	e.outbox.publish(r) // which may wait for the broker
}

// answer tells whoever waits for the commit.
func (e *Engine) answer(r *result) {
	began := time.Now()
	e.busy.Store(&began)
	defer e.busy.Store(nil)
	if r.states != nil {
		if err := caught(func() error { r.states.Committed(); return nil }); err != nil {
			e.log.Error("the decider's Committed failed", errorFields(err)...)
		}
	}
	for i, in := range r.inputs {
		in.committed(r.decided[i].Reply, r.refused[i])
	}
	if e.onBatch != nil {
		e.onBatch(Batch{Inputs: len(r.inputs), Events: len(r.events), Reruns: r.reruns, Elapsed: r.elapsed})
	}
	e.stats.committed(r)
	e.logVerdicts(r)
}

// pause waits, unless the engine is aborted.
func (e *Engine) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-e.ctx.Done():
	}
}
