package dlqapi

import (
	"encoding/base64"
	"time"

	"orderly/pkg/engine"
)

// Letter is a dead letter in a list.
type Letter struct {
	ID            string    `json:"id" doc:"The letter's id: it derives from the event's and the service"`
	Service       string    `json:"service" doc:"Which could not handle it"`
	State         string    `json:"state" enum:"dead,replaying,replayed,discarded,handled" doc:"handled: the event came again by itself, and was handled then"`
	Kind          string    `json:"kind" enum:"undecodable,refused,attempts_exhausted,panic,killed_process" doc:"Why it is dead, in a word"`
	Error         string    `json:"error" doc:"The error of its last attempt"`
	Attempts      int       `json:"attempts" doc:"How often it was tried, replays included"`
	EventID       string    `json:"event_id" doc:"The event's id, or a digest of a message that has none"`
	Type          string    `json:"type,omitempty" doc:"The event's type; absent if it could not be read"`
	Key           string    `json:"key,omitempty" doc:"What the event is about: here the order's id"`
	CorrelationID string    `json:"correlation_id,omitempty" doc:"Names the request that it all began with"`
	Consumer      string    `json:"consumer" doc:"The consumer that it came by"`
	Subject       string    `json:"subject" doc:"The subject that it came on"`
	FirstAt       time.Time `json:"first_at" doc:"When its first attempt failed"`
	DeadAt        time.Time `json:"dead_at" doc:"When it was given up"`
	ChangedAt     time.Time `json:"changed_at" doc:"When something was last done about it"`
}

// Details are all that is known of a dead letter.
type Details struct {
	Letter
	Headers map[string][]string `json:"headers,omitempty" doc:"The message's headers, untouched"`
	Data    string              `json:"data_base64" doc:"The message's payload, untouched"`
	History []Attempt           `json:"history" nullable:"false" doc:"The attempts that failed: the first, and the latest of many"`
	Actions []Action            `json:"actions" nullable:"false" doc:"What people did about it, the oldest first"`
}

// Attempt is one attempt that failed.
type Attempt struct {
	At    time.Time `json:"at"`
	Error string    `json:"error"`
}

// Action is what somebody did about a letter.
type Action struct {
	At      time.Time `json:"at"`
	Action  string    `json:"action" enum:"replay,discard,republish"`
	By      string    `json:"by" doc:"Who"`
	Why     string    `json:"why,omitempty"`
	Outcome string    `json:"outcome"`
	Detail  string    `json:"detail,omitempty" doc:"For a person"`
}

func letterOf(l *engine.Letter) Letter {
	return Letter{
		ID: l.ID, Service: l.Handler, State: string(l.State), Kind: l.Kind, Error: l.Error, Attempts: l.Attempts,
		EventID: l.EventID, Type: l.Type, Key: l.Key, CorrelationID: l.CorrelationID, Consumer: l.Consumer, Subject: l.Message.Subject,
		FirstAt: l.FirstAt, DeadAt: l.DeadAt, ChangedAt: changedAt(l),
	}
}

// changedAt is of letters too that are older than the column.
func changedAt(l *engine.Letter) time.Time {
	if l.ChangedAt.Before(l.DeadAt) {
		return l.DeadAt
	}
	return l.ChangedAt
}

func detailsOf(l *engine.Letter) Details {
	d := Details{
		Letter:  letterOf(l),
		Headers: l.Message.Header,
		Data:    base64.StdEncoding.EncodeToString(l.Message.Data),
		History: make([]Attempt, len(l.History)),
		Actions: make([]Action, len(l.Actions)),
	}
	for i, a := range l.History {
		d.History[i] = Attempt(a)
	}
	for i, a := range l.Actions {
		d.Actions[i] = Action{At: a.At, Action: a.Action, By: a.By, Why: a.Why, Outcome: string(a.Outcome), Detail: a.Detail}
	}
	return d
}
