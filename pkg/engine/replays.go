package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

const (
	finishEvery = time.Second
	lookEvery   = 5 * time.Second
	// finishAtEnd bounds what a stop does for replays that are through.
	finishAtEnd = 2 * time.Second
)

// replays knows the replays of this process, and looks after the dead letters.
type replays struct {
	e      *Engine
	depths atomic.Pointer[depths]

	mu       sync.Mutex         // guards what follows
	inHand   map[string]*replay // by letter
	finished []string           // letters whose outputs are published
}

func newReplays(e *Engine) *replays {
	return &replays{e: e, inHand: make(map[string]*replay)}
}

// begin reports whether the letter is free: one replay of it at a time.
func (r *replays) begin(rp *replay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inHand[rp.letter] != nil {
		return false
	}
	r.inHand[rp.letter] = rp
	return true
}

// ended lets go of the letter, the second time too. An error means that there is
// nothing to finish.
func (r *replays) ended(rp *replay, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inHand[rp.letter] == rp {
		delete(r.inHand, rp.letter)
	}
	if err == nil && rp.result.Outcome == OutcomeReplayed {
		r.finished = append(r.finished, rp.letter)
	}
}

// run looks after the dead letters until the engine stops.
func (r *replays) run() {
	finish, look := time.NewTicker(finishEvery), time.NewTicker(lookEvery)
	defer finish.Stop()
	defer look.Stop()
	for {
		r.look()
		for again := true; again; {
			select {
			case <-finish.C:
				r.finish(r.e.ctx)
			case <-look.C:
				again = false
			case <-r.e.stopping:
				return
			}
		}
	}
}

// close finishes what was published last. What it does not get to is decided once
// more by another process, to no effect.
func (r *replays) close() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.e.ctx), finishAtEnd)
	defer cancel()
	r.finish(ctx)
}

// finish writes down which replays are through, all at once.
func (r *replays) finish(ctx context.Context) {
	r.mu.Lock()
	ids := r.finished
	r.finished = nil
	r.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	in, arg := r.e.cfg.DB.In(failureID, 3, slices.Sorted(slices.Values(ids)))
	err := r.e.inTx(ctx, func(_ context.Context, tx *sqldb.Tx) error {
		tx.Exec("finish replays", "UPDATE "+lettersTable+" SET state = $1 WHERE state = $2 AND "+in, string(LetterReplayed), string(LetterReplaying), arg)
		return nil
	})
	if err != nil {
		r.e.log.Warn("replays could not be marked as finished, they will be decided once more", zap.Error(err))
	}
}

// Replay decides dead letters again, as today's handlers and contracts have it:
// each like an event of its own with its old id, so that what was handled before
// has no second effect. A letter's state changes in the transaction of its effect;
// of any number who replay it at once, one does. A replay that fails is one more
// attempt of a letter that stays dead. Letters may be replayed in any order.
//
// It returns an outcome for each id, in their order. If ctx ends first, those
// still under way are pending. An error means that nothing was begun.
func (d *DeadLetters) Replay(ctx context.Context, act Act, ids ...string) ([]LetterResult, error) {
	if err := act.validate(false); err != nil {
		return nil, err
	}
	return d.replay(ctx, replay{act: act}, ids)
}

// Rehearse tells what a replay would come to, and changes nothing: it decides the
// letters and rolls back. An outside call is not made.
func (d *DeadLetters) Rehearse(ctx context.Context, ids ...string) ([]LetterResult, error) {
	return d.replay(ctx, replay{dry: true}, ids)
}

func (d *DeadLetters) replay(ctx context.Context, template replay, ids []string) ([]LetterResult, error) {
	select {
	case <-d.e.stopping:
		return nil, ErrStopped
	default:
	}
	letters, err := d.load(ctx, ids)
	if err != nil {
		return nil, err
	}
	results := make([]LetterResult, len(ids))
	waits := make(map[int]*replay)
	var inputs []*Input
	for i, id := range ids {
		results[i] = LetterResult{ID: id, Outcome: OutcomeUnknown}
		l, known := letters[id]
		rp := template
		rp.letter, rp.done, rp.ended = id, make(chan LetterResult, 1), d.e.replays.ended
		switch {
		case !known:
			continue
		case l.State != LetterDead && !template.resumes:
			results[i].Outcome, results[i].Detail = OutcomeAlready, "it is "+string(l.State)
			continue
		case !d.e.replays.begin(&rp):
			results[i].Outcome, results[i].Detail = OutcomeAlready, "it is being replayed"
			continue
		}
		in, parts := d.input(l, &rp)
		if len(parts) > 0 {
			d.e.replays.ended(&rp, errPack)
			results[i] = d.takeApart(ctx, template, l, parts)
			continue
		}
		if in.alone && rp.dry {
			d.e.replays.ended(&rp, errNothing)
			results[i].Outcome, results[i].Detail = OutcomeFailed, "not rehearsed: handling it has ended processes, and a rehearsal handles it"
			continue
		}
		if err := d.begun(ctx, in, &rp); err != nil {
			d.e.replays.ended(&rp, err)
			results[i].Outcome, results[i].Detail = OutcomeFailed, err.Error()
			continue
		}
		if !rp.dry {
			d.e.tracer.replayed(ctx, in, l)
		}
		waits[i] = &rp
		inputs = append(inputs, in)
	}
	d.submit(ctx, inputs)
	for i, rp := range waits {
		results[i] = d.wait(ctx, rp)
	}
	return results, nil
}

// submit hands the inputs in, what is urgent first: rehearsals, and what may end
// the process, apart from all else.
func (d *DeadLetters) submit(ctx context.Context, inputs []*Input) {
	var urgent, others []*Input
	var groups []group
	for _, in := range inputs {
		switch {
		case in.alone:
			groups = append(groups, group{inputs: []*Input{in}, alone: true})
		case d.e.cfg.urgent(in):
			urgent = append(urgent, in)
		default:
			others = append(others, in)
		}
	}
	for _, g := range slices.Concat(split(urgent, d.e.cfg), split(others, d.e.cfg)) {
		g.alone = rehearsal(g.inputs)
		groups = append(groups, g)
	}
	for _, g := range groups {
		if err := d.e.submitGroup(ctx, g); err != nil {
			for _, in := range g.inputs {
				in.replays[0].settled(err)
			}
		}
	}
}

func (d *DeadLetters) wait(ctx context.Context, rp *replay) LetterResult {
	select {
	case r := <-rp.done:
		return r
	case <-ctx.Done():
	case <-d.e.loop:
	}
	select {
	case r := <-rp.done: // answered just before the end
		return r
	default:
		return LetterResult{ID: rp.letter, Outcome: OutcomePending, Detail: "nobody waits for it any more: look at the letter later"}
	}
}

// input makes an input of a letter, decoded by today's contracts, or returns the
// events of one that is a pack as a whole.
func (d *DeadLetters) input(l *Letter, rp *replay) (*Input, []event.Result) {
	in := &Input{cause: "letter " + l.ID, awaited: true, replays: []*replay{rp}, owed: []owner{rp}, alone: l.Kind == kindKilled}
	in.Meta.CorrelationID = l.CorrelationID
	results, err := d.e.open(l.Message)
	switch {
	case err == nil && len(results) > 1:
		return nil, results
	case err == nil && len(results) == 0:
		err = errors.New("it holds no event")
	case err == nil:
		err = results[0].Err
	}
	if err != nil {
		in.failure = Never(fmt.Errorf("%w: %w", errUndecodable, err))
		return in, nil
	}
	in.of(&results[0].Event)
	return in, nil
}

// begun writes down who replays a letter that has ended processes, before it is
// tried again: should it end this one, that is known.
func (d *DeadLetters) begun(ctx context.Context, in *Input, rp *replay) error {
	if !in.alone {
		return nil
	}
	return d.e.inTx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		return tx.Insert(actionsTable, actionColumns, [][]any{actionRow(rp.letter, now, actionReplay, rp.act, outcomeBegun, "this message has ended processes before")})
	})
}
