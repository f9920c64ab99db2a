package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// DeadLetter is a dead letter in a list.
type DeadLetter struct {
	ID            string    `json:"id"`
	Service       string    `json:"service"`
	State         string    `json:"state"`
	Kind          string    `json:"kind"`
	Error         string    `json:"error"`
	Attempts      int       `json:"attempts"`
	EventID       string    `json:"event_id"`
	Type          string    `json:"type,omitempty"`
	Key           string    `json:"key,omitempty"`
	CorrelationID string    `json:"correlation_id,omitempty"`
	Consumer      string    `json:"consumer"`
	Subject       string    `json:"subject"`
	FirstAt       time.Time `json:"first_at"`
	DeadAt        time.Time `json:"dead_at"`
	ChangedAt     time.Time `json:"changed_at"`
}

// DeadLetterDetails are all that is known of a dead letter, its message included.
type DeadLetterDetails struct {
	DeadLetter
	Headers map[string][]string `json:"headers,omitempty"`
	Data    []byte              `json:"data_base64"`
	History []FailedAttempt     `json:"history"`
	Actions []LetterAction      `json:"actions"`
}

// FailedAttempt is when and with what an attempt failed.
type FailedAttempt struct {
	At    time.Time `json:"at"`
	Error string    `json:"error"`
}

// LetterAction is what somebody did about a dead letter.
type LetterAction struct {
	At      time.Time `json:"at"`
	Action  string    `json:"action"`
	By      string    `json:"by"`
	Why     string    `json:"why,omitempty"`
	Outcome string    `json:"outcome"`
	Detail  string    `json:"detail,omitempty"`
}

// LetterResult is what came of an action for one letter.
type LetterResult struct {
	ID      string `json:"id"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail,omitempty"`
}

// LetterActionRequest says what to do about which letters; the Note is kept.
type LetterActionRequest struct {
	IDs []string `json:"ids"`
	Note
	DryRun bool `json:"dry_run,omitempty"`
}

// MaxLetterIDs is how many letters one request may be about.
const MaxLetterIDs = 256

// LetterFilter says which dead letters are meant. Empty fields do not filter,
// but State, which then is dead.
type LetterFilter struct {
	State, Kind, Type, Key, EventID string
	OlderThan, YoungerThan          time.Duration
}

// letterPage is the largest page of dead letters.
const letterPage = 500

func (f LetterFilter) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(letterPage)}}
	for name, value := range map[string]string{"state": f.State, "kind": f.Kind, "type": f.Type, "key": f.Key, "event_id": f.EventID} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.OlderThan > 0 {
		q.Set("older_than", f.OlderThan.String())
	}
	if f.YoungerThan > 0 {
		q.Set("younger_than", f.YoungerThan.String())
	}
	return q
}

// DeadLetters walks through the dead letters of a service, the oldest first.
func (c *Client) DeadLetters(ctx context.Context, service string, f LetterFilter) iter.Seq2[DeadLetter, error] {
	return pages[DeadLetter](ctx, c, letterPath(service), f.query())
}

// DeadLetter returns a dead letter of a service.
func (c *Client) DeadLetter(ctx context.Context, service, id string) (DeadLetterDetails, error) {
	var d DeadLetterDetails
	_, err := c.do(ctx, request{method: http.MethodGet, path: letterPath(service) + "/" + url.PathEscape(id)}, &d)
	return d, err
}

// ReplayLetters decides dead letters again. A repeated request has no second
// effect.
func (c *Client) ReplayLetters(ctx context.Context, service string, r LetterActionRequest) ([]LetterResult, error) {
	return c.letterAction(ctx, service, "replay", r)
}

// DiscardLetters gives dead letters up.
func (c *Client) DiscardLetters(ctx context.Context, service string, r LetterActionRequest) ([]LetterResult, error) {
	return c.letterAction(ctx, service, "discard", r)
}

// RepublishLetters publishes dead letters once more.
func (c *Client) RepublishLetters(ctx context.Context, service string, r LetterActionRequest) ([]LetterResult, error) {
	return c.letterAction(ctx, service, "republish", r)
}

func (c *Client) letterAction(ctx context.Context, service, action string, r LetterActionRequest) ([]LetterResult, error) {
	var out struct {
		Results []LetterResult `json:"results"`
	}
	_, err := c.do(ctx, request{method: http.MethodPost, path: letterPath(service) + "/" + action, body: r}, &out)
	return out.Results, err
}

func letterPath(service string) string { return "/v1/dead-letters/" + url.PathEscape(service) }
