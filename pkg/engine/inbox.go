package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

var (
	inboxID      = sqldb.Column{Name: "id", Type: sqldb.UUID}
	inboxColumns = []sqldb.Column{
		inboxID,
		{Name: "handler", Type: sqldb.Text},
		{Name: "event_id", Type: sqldb.Text},
		{Name: "outputs", Type: sqldb.Text},
		{Name: "handled_at", Type: sqldb.Time},
	}
)

// inbox is the State of plain handlers: what was handled before, and what is
// handled now.
type inbox struct {
	*handling
	tx    *sqldb.Tx
	now   time.Time
	known map[string]string // outputs by inbox id
	done  []handled
}

type handled struct {
	id, eventID string
	outputs     []event.Event
}

// output is how the inbox keeps an event: what it tells, not how it travelled.
type output struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Version int             `json:"version"`
	Subject string          `json:"subject"`
	Time    time.Time       `json:"time"`
	Data    json.RawMessage `json:"data"`
}

func (h *handling) Load(ctx context.Context, tx *sqldb.Tx, inputs []*Input) (State, error) {
	ids := make([]string, len(inputs))
	for i, in := range inputs {
		ids[i] = h.inboxID(in)
	}
	b := &inbox{handling: h, tx: tx, known: make(map[string]string)}
	in, arg := h.db.In(inboxID, 1, ids)
	tx.Query("inbox", "SELECT id, outputs FROM engine_inbox WHERE "+in, func(row sqldb.Row) error {
		var id, outputs string
		err := row.Scan(&id, &outputs)
		b.known[id] = outputs
		return err
	}, arg)
	return b, tx.Send(ctx)
}

func (b *inbox) Decide(ctx context.Context, now time.Time, in *Input) (Decision, error) {
	b.now = now
	id := b.inboxID(in)
	if outputs, ok := b.known[id]; ok {
		events, err := b.again(outputs)
		return Decision{Events: events}, err
	}
	out, err := b.run(ctx, b.tx, in)
	if err != nil {
		return Decision{}, err
	}
	b.done = append(b.done, handled{id: id, eventID: in.cause, outputs: out})
	return Decision{Events: out}, nil
}

// again decodes recorded outputs, so that they are published as today's
// contracts say.
func (b *inbox) again(recorded string) ([]event.Event, error) {
	var outputs []output
	if err := json.Unmarshal([]byte(recorded), &outputs); err != nil {
		return nil, fmt.Errorf("recorded outputs: %w", err)
	}
	events := make([]event.Event, len(outputs))
	for i, o := range outputs {
		e, err := b.registry.Recall(o.Name, o.Version, o.Data)
		switch {
		case errors.Is(err, event.ErrUnknown): // another build will know it
			return nil, NotYet(time.Minute, fmt.Errorf("recorded output: %w", err))
		case err != nil:
			return nil, fmt.Errorf("recorded output: %w", err)
		}
		events[i] = event.Event{ID: o.ID, Name: o.Name, Subject: o.Subject, Time: o.Time, Payload: e.Payload}
	}
	return events, nil
}

func (b *inbox) Save(_ context.Context, tx *sqldb.Tx) error {
	rows := make([][]any, len(b.done))
	for i, d := range b.done {
		outputs := make([]output, len(d.outputs))
		for k, e := range d.outputs {
			version, data, err := b.registry.Record(e)
			if err != nil {
				return fmt.Errorf("record outputs: %w", err)
			}
			outputs[k] = output{ID: e.ID, Name: e.Name, Version: version, Subject: e.Subject, Time: e.Time, Data: data}
		}
		text, err := json.Marshal(outputs)
		if err != nil {
			return fmt.Errorf("record outputs: %w", err)
		}
		rows[i] = []any{d.id, b.name, d.eventID, string(text), b.now}
	}
	return tx.Insert("engine_inbox", inboxColumns, rows)
}

func (b *inbox) Committed() {}
