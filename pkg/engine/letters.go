package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// ErrNoLetter says that the service has no dead letter of that id.
var ErrNoLetter = errors.New("there is no such dead letter")

// DeadLetters are those of one engine, in its database: what could not be
// handled, why, and what was done about it. Reading them needs no broker, and
// neither does it need the engine to be started.
type DeadLetters struct{ e *Engine }

// DeadLetters returns the engine's dead letters.
func (e *Engine) DeadLetters() *DeadLetters { return &DeadLetters{e} }

// LetterFilter says which dead letters are meant: those that fit all of it.
type LetterFilter struct {
	State   LetterState // LetterDead if empty
	Kind    string      // any if empty, as all that follows
	Type    string      // a ce-type, or an event's name for all its versions
	Key     string      // what the event is about: its ce-subject
	EventID string
	// MinAge and MaxAge bound how long ago the letter died, by the database's
	// clock. Zero is no bound.
	MinAge, MaxAge time.Duration
	// After is where to go on: behind the last letter of the page before.
	After LetterPlace
	// Limit is how many to return; 100 if zero, and at most 1,000.
	Limit int
}

// LetterPlace is a letter's place in lists, which go by age. The zero value is
// before all.
type LetterPlace struct {
	DeadAt time.Time
	ID     string
}

// Place returns the letter's place in lists.
func (l *Letter) Place() LetterPlace { return LetterPlace{l.DeadAt, l.ID} }

const (
	defaultLetters = 100
	maxLetters     = 1000
	maxActions     = 100
)

const letterSummary = "SELECT id, handler, consumer, event_id, event_type, event_key, correlation_id, kind, error, attempts, first_at, dead_at, state, changed_at, subject FROM " + lettersTable

func (l *Letter) summary() []any {
	return []any{&l.ID, &l.Handler, &l.Consumer, &l.EventID, &l.Type, &l.Key, &l.CorrelationID, &l.Kind, &l.Error, &l.Attempts,
		sqldb.ScanTime(&l.FirstAt), sqldb.ScanTime(&l.DeadAt), &l.State, sqldb.ScanTime(&l.ChangedAt), &l.Message.Subject}
}

// List returns a page of dead letters, the oldest first, without their messages
// and histories.
func (d *DeadLetters) List(ctx context.Context, f LetterFilter) ([]Letter, error) {
	where, args, err := d.where(ctx, f)
	if err != nil {
		return nil, err
	}
	limit := min(f.Limit, maxLetters)
	if limit <= 0 {
		limit = defaultLetters
	}
	query := letterSummary + " WHERE " + where + " ORDER BY dead_at, id LIMIT " + strconv.Itoa(limit)
	rows, err := d.e.cfg.DB.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	defer rows.Close()
	var found []Letter
	for rows.Next() {
		var l Letter
		if err := rows.Scan(l.summary()...); err != nil {
			return nil, fmt.Errorf("list dead letters: %w", err)
		}
		found = append(found, l)
	}
	return found, rows.Err()
}

// where is the filter as SQL.
func (d *DeadLetters) where(ctx context.Context, f LetterFilter) (string, []any, error) {
	def(&f.State, LetterDead)
	args := []any{d.e.cfg.Name, string(f.State)}
	parts := []string{"handler = $1", "state = $2"}
	add := func(part string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			part = strings.Replace(part, "?", "$"+strconv.Itoa(len(args)), 1)
		}
		parts = append(parts, part)
	}
	for _, one := range []struct{ column, value string }{{"kind", f.Kind}, {"event_key", f.Key}, {"event_id", f.EventID}} {
		if one.value != "" {
			add(one.column+" = ?", one.value)
		}
	}
	if f.Type != "" {
		literal := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(f.Type)
		add(`(event_type = ? OR event_type LIKE ? ESCAPE '\')`, f.Type, "%."+literal+".v%")
	}
	if f.MinAge > 0 || f.MaxAge > 0 {
		now, err := d.e.cfg.DB.Now(ctx)
		if err != nil {
			return "", nil, err
		}
		if f.MinAge > 0 {
			add("dead_at <= ?", sqldb.Micros(now.Add(-f.MinAge)))
		}
		if f.MaxAge > 0 {
			add("dead_at >= ?", sqldb.Micros(now.Add(-f.MaxAge)))
		}
	}
	if f.After.ID != "" {
		add("(dead_at, id) > (?, ?)", sqldb.Micros(f.After.DeadAt), f.After.ID)
	}
	return strings.Join(parts, " AND "), args, nil
}

// Get returns a dead letter, whatever its state, with its message as it came,
// its attempts and what was done about it; [ErrNoLetter] if there is none.
func (d *DeadLetters) Get(ctx context.Context, id string) (Letter, error) {
	found, err := d.load(ctx, []string{id})
	if err != nil {
		return Letter{}, err
	}
	l, ok := found[id]
	if !ok {
		return Letter{}, fmt.Errorf("%w as %s in the service %s", ErrNoLetter, id, d.e.cfg.Name)
	}
	l.Actions, err = d.actions(ctx, id)
	return *l, err
}

// load returns letters with their messages, by id. What is no id has no letter.
func (d *DeadLetters) load(ctx context.Context, ids []string) (map[string]*Letter, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !IsLetterID(id) })
	found := make(map[string]*Letter, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	in, arg := d.e.cfg.DB.In(failureID, 1, ids) // alone, so that nothing but the key is looked at
	query := strings.Replace(letterSummary, " FROM", ", headers, data, history FROM", 1)
	rows, err := d.e.cfg.DB.Reader().QueryContext(ctx, query+" WHERE "+in, arg)
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		l := &Letter{}
		var headers, data string
		if err := rows.Scan(append(l.summary(), &headers, &data, (*history)(&l.History))...); err != nil {
			return nil, fmt.Errorf("read dead letters: %w", err)
		}
		if l.Handler != d.e.cfg.Name {
			continue
		}
		if l.Message, err = messageOf(l.Message.Subject, headers, data); err != nil {
			return nil, fmt.Errorf("read dead letter %s: %w", l.ID, err)
		}
		found[l.ID] = l
	}
	return found, rows.Err()
}

// messageOf is what row wrote.
func messageOf(subject, headers, data string) (event.Message, error) {
	m := event.Message{Subject: subject}
	if err := json.Unmarshal([]byte(headers), &m.Header); err != nil {
		return m, err
	}
	var err error
	m.Data, err = base64.StdEncoding.DecodeString(data)
	return m, err
}

// IsLetterID reports whether s has the form of a dead letter's id: a UUID in lower
// case.
func IsLetterID(s string) bool {
	return len(s) == 36 && strings.Trim(s, "0123456789abcdef-") == "" && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && strings.Count(s, "-") == 4
}
