package engine_test

import (
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/event"
)

// stored returns all messages of a stream.
func (r *rig) stored(stream string) []*jetstream.RawStreamMsg {
	r.Helper()
	s, err := r.js.Stream(r.Context(), stream)
	if err != nil {
		r.Fatal(err)
	}
	var out []*jetstream.RawStreamMsg
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		m, err := s.GetMsg(r.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			r.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// answers returns what was published about each deposit, and checks that every
// answer to one is the same.
func (r *rig) answers() map[string][]event.Event {
	r.Helper()
	out := map[string][]event.Event{}
	for _, m := range r.stored("balances") {
		results, err := r.registry.Open(event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data})
		if err != nil {
			r.Fatal(err)
		}
		for _, res := range results {
			if res.Err != nil {
				r.Fatal(res.Err)
			}
			before := out[res.Event.Subject]
			if len(before) > 0 && (before[0].ID != res.Event.ID || string(before[0].Data) != string(res.Event.Data)) {
				r.Errorf("deposit %s got two answers: %s %s and %s %s", res.Event.Subject, before[0].ID, before[0].Data, res.Event.ID, res.Event.Data)
			}
			out[res.Event.Subject] = append(before, res.Event)
		}
	}
	return out
}

// wantBalance checks the account "a", and that its deposits add up to it.
func (r *rig) wantBalance(want int) {
	r.Helper()
	got := r.number("SELECT coalesce(sum(balance), 0) FROM accounts WHERE name = 'a'")
	if sum := r.number("SELECT coalesce(sum(amount), 0) FROM deposits WHERE done AND account = 'a'"); got != want || sum != want {
		r.Errorf("the account holds %d and its deposits are %d, want %d", got, sum, want)
	}
}

func (r *rig) number(query string, args ...any) int {
	r.Helper()
	var n int
	if err := r.db.Reader().QueryRow(query, args...).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// wantAnswered checks that each deposit was answered at least once.
func (r *rig) wantAnswered(ds ...deposit) {
	r.Helper()
	got := r.answers()
	for _, d := range ds {
		if len(got[d.ID]) == 0 {
			r.Errorf("deposit %s was not answered", d.ID)
		}
	}
}

// death is what the dead letters' table knows of one.
type death struct {
	kind     string
	attempts int
}

func (r *rig) deaths() map[string]death {
	r.Helper()
	rows, err := r.db.Reader().Query("SELECT event_id, kind, attempts FROM engine_dead_letters")
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]death{}
	for rows.Next() {
		var id string
		var d death
		if err := rows.Scan(&id, &d.kind, &d.attempts); err != nil {
			r.Fatal(err)
		}
		out[id] = d
	}
	return out
}

func (r *rig) wantDeaths(want map[string]death) {
	r.Helper()
	if got := r.deaths(); fmt.Sprint(got) != fmt.Sprint(want) {
		r.Errorf("dead letters:\n got %v\nwant %v", got, want)
	}
	if n := r.number("SELECT count(*) FROM engine_attempts"); n != 0 {
		r.Errorf("%d attempts are left in the table", n)
	}
}
