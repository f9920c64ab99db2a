package dlqapi

import (
	"context"

	"orderly/pkg/engine"
)

type replay struct {
	IDs    []string `json:"ids" minItems:"1" maxItems:"256" nullable:"false" doc:"Which letters"`
	By     string   `json:"by" minLength:"1" maxLength:"64" doc:"Who replays them"`
	Why    string   `json:"why,omitempty" maxLength:"500" doc:"Why it should work now"`
	DryRun bool     `json:"dry_run,omitempty" doc:"Tell what would come of it, and change nothing"`
}

func (r replay) letters() []string { return r.IDs }

func (r replay) run(ctx context.Context, letters *engine.DeadLetters) ([]engine.LetterResult, error) {
	if r.DryRun {
		return letters.Rehearse(ctx, r.IDs...)
	}
	return letters.Replay(ctx, engine.Act{By: r.By, Why: r.Why}, r.IDs...)
}

type discard struct {
	IDs []string `json:"ids" minItems:"1" maxItems:"256" nullable:"false" doc:"Which letters"`
	By  string   `json:"by" minLength:"1" maxLength:"64" doc:"Who gives them up"`
	Why string   `json:"why" minLength:"1" maxLength:"500" doc:"Why they are never to be handled"`
}

func (d discard) letters() []string { return d.IDs }

func (d discard) run(ctx context.Context, letters *engine.DeadLetters) ([]engine.LetterResult, error) {
	return letters.Discard(ctx, engine.Act{By: d.By, Why: d.Why}, d.IDs...)
}

type republish struct {
	IDs []string `json:"ids" minItems:"1" maxItems:"256" nullable:"false" doc:"Which letters"`
	By  string   `json:"by" minLength:"1" maxLength:"64" doc:"Who publishes them"`
	Why string   `json:"why,omitempty" maxLength:"500" doc:"Why"`
}

func (r republish) letters() []string { return r.IDs }

func (r republish) run(ctx context.Context, letters *engine.DeadLetters) ([]engine.LetterResult, error) {
	return letters.Republish(ctx, engine.Act{By: r.By, Why: r.Why}, r.IDs...)
}
