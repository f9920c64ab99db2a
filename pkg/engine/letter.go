package engine

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// letter is what a dead letter keeps of an input: the message as it came.
type letter struct {
	consumer string
	raw      event.Message
	one      *event.Event // of several in raw; nil if raw is all
	again    bool         // it may have been here before: what was said then is said again
}

// message is what came, of a pack the input's own part.
func (l *letter) message() event.Message {
	if l.one == nil {
		return l.raw
	}
	return event.Alone(*l.one, l.raw.Subject)
}

// LetterState is what became of a dead letter.
type LetterState string

const (
	// LetterDead waits for a person.
	LetterDead LetterState = "dead"
	// LetterReplaying is decided again: what that led to is being published, or
	// an outside call is under way. Should the process end in between, another
	// one finishes it.
	LetterReplaying LetterState = "replaying"
	// LetterReplayed has had its effect.
	LetterReplayed LetterState = "replayed"
	// LetterDiscarded is left without an effect, for a reason.
	LetterDiscarded LetterState = "discarded"
	// LetterHandled came again by itself and was handled then.
	LetterHandled LetterState = "handled"
)

// over reports whether the event has had its effect after all.
func (s LetterState) over() bool { return s == LetterReplayed || s == LetterHandled }

// LetterStates returns all of them.
func LetterStates() []LetterState {
	return []LetterState{LetterDead, LetterReplaying, LetterReplayed, LetterDiscarded, LetterHandled}
}

// Letter is a dead letter: a message that could not be handled, untouched,
// with what is known of why. It is committed as a row first, then published.
type Letter struct {
	ID            string // derives from the event's id and the handler
	Handler       string
	Consumer      string
	EventID       string
	Type          string // ce-type; empty if unreadable
	Key           string // ce-subject
	CorrelationID string
	Kind          string // one of LetterKinds
	Error         string // of a panic with the place where it happened
	Attempts      int    // those of replays included
	FirstAt       time.Time
	DeadAt        time.Time
	State         LetterState
	ChangedAt     time.Time // when State was last set, by a failed replay too
	// Message is as it came. Lists leave out its headers and payload.
	Message event.Message
	// History is when and with what the attempts failed: the first, and the
	// latest of many. Lists leave it out.
	History []Attempt
	// Actions are what people did about it, the oldest first. Lists leave them
	// out.
	Actions []LetterAction
}

func (f *failures) letter(in *Input, err error, attempts int, before attempt, now time.Time) *Letter {
	first := before.firstAt
	if first.IsZero() {
		first = now
	}
	text := clean(describe(err))
	l := &Letter{
		ID:       f.id(in),
		Handler:  f.handler,
		Consumer: in.letter.consumer,
		EventID:  in.cause,
		Kind:     kind(err),
		Error:    text,
		Attempts: attempts,
		FirstAt:  first,
		DeadAt:   now,
		Message:  in.letter.message(),

		CorrelationID: in.Meta.CorrelationID,
		State:         LetterDead,
		ChangedAt:     now,
		History:       before.history.with(now, text),
	}
	if in.Event != nil {
		l.Type, l.Key = in.Event.Type, in.Event.Subject
		if in.Event.ID != "" {
			l.EventID = in.Event.ID
		}
	}
	return l
}

func (l *Letter) row() []any {
	headers, _ := json.Marshal(l.Message.Header) // a map of strings always marshals
	return []any{
		l.ID, l.Handler, l.Consumer, clean(l.EventID), clean(l.Type), clean(l.Key), l.Kind, l.Error, l.Attempts,
		l.FirstAt, l.DeadAt, clean(l.Message.Subject), clean(string(headers)), base64.StdEncoding.EncodeToString(l.Message.Data),
		string(l.State), l.ChangedAt, clean(l.CorrelationID), history(l.History).text(),
	}
}

// revivedSet is what a letter of an event changes that dies again after it had been
// handled.
var revivedSet = []sqldb.Column{
	{Name: "state", Type: sqldb.Text},
	{Name: "changed_at", Type: sqldb.Time},
	{Name: "kind", Type: sqldb.Text},
	{Name: "error", Type: sqldb.Text},
	{Name: "attempts", Type: sqldb.Int},
	{Name: "first_at", Type: sqldb.Time},
	{Name: "dead_at", Type: sqldb.Time},
	{Name: "history", Type: sqldb.Text},
}

func (l *Letter) revival() []any {
	return []any{l.ID, string(l.State), l.ChangedAt, l.Kind, l.Error, l.Attempts, l.FirstAt, l.DeadAt, history(l.History).text()}
}

// publication is the dead letter as a message: the original's headers and
// payload untouched, and what is known of its death in headers beside them.
// Headers that the server obeys are kept under dlq-nats-, and a payload that
// leaves no room for the headers is in the table alone.
func (l *Letter) publication() event.Message {
	header := make(map[string][]string, len(l.Message.Header)+12)
	size := len(l.Message.Data)
	for name, values := range l.Message.Header {
		if strings.HasPrefix(strings.ToLower(name), "nats-") {
			name = "dlq-" + name
		}
		header[name] = values
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	set := func(name, value string) { header["dlq-"+name] = []string{oneLine(value)} }
	set("id", l.ID)
	set("handler", l.Handler)
	set("consumer", l.Consumer)
	set("event-id", l.EventID)
	set("kind", l.Kind)
	set("error", l.Error)
	set("attempts", strconv.Itoa(l.Attempts))
	set("subject", l.Message.Subject)
	set("first-at", l.FirstAt.Format(time.RFC3339Nano))
	set("dead-at", l.DeadAt.Format(time.RFC3339Nano))
	m := event.Message{Subject: "dlq." + l.Handler + "." + l.Kind, Header: header, Data: l.Message.Data}
	if size > event.MaxMessage-letterRoom {
		set("data", "too large to travel on, see the table")
		m.Data = nil
	}
	return m
}

// letterRoom is for what a dead letter's headers add to the original.
const letterRoom = 8 << 10

const maxHeader = 1024

// oneLine makes a text fit for a header.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxHeader {
		s = strings.ToValidUTF8(s[:maxHeader], "")
	}
	return s
}

// clean makes any text fit for a text column.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
