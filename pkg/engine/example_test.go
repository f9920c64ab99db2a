package engine_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

// Seat is the payload of seats.asked and seats.taken, and what the theatre's
// state is made of.
type Seat struct {
	Name  string `json:"name"`
	Guest string `json:"guest"`
}

// Theatre is a Decider: a seat belongs to the first who asks for it, and asking
// again gets the same answer.
type Theatre struct{ db *sqldb.DB }

var (
	seatName  = sqldb.Column{Name: "name", Type: sqldb.Text}
	seatGuest = sqldb.Column{Name: "guest", Type: sqldb.Text}
)

// hall is the theatre's state for one batch: the seats that it is about.
type hall struct {
	*Theatre
	taken map[string]string
	added [][]any
}

func (th *Theatre) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	h := &hall{Theatre: th, taken: map[string]string{}}
	var names []string
	for _, in := range inputs {
		names = append(names, in.Body.(Seat).Name)
	}
	in, arg := th.db.In(seatName, 1, names)
	tx.Query("load seats", "SELECT name, guest FROM seats WHERE "+in+" ORDER BY name"+th.db.Lock(), func(row sqldb.Row) error {
		var s Seat
		err := row.Scan(&s.Name, &s.Guest)
		h.taken[s.Name] = s.Guest
		return err
	}, arg)
	return h, tx.Send(ctx)
}

func (h *hall) Decide(_ context.Context, _ time.Time, in *engine.Input) (engine.Decision, error) {
	asked := in.Body.(Seat)
	guest, taken := h.taken[asked.Name]
	if taken && guest != asked.Guest {
		return engine.Decision{}, fmt.Errorf("seat %s belongs to %s", asked.Name, guest)
	}
	if !taken {
		h.taken[asked.Name] = asked.Guest
		h.added = append(h.added, []any{asked.Name, asked.Guest})
	}
	told := event.Event{Name: "seats.taken", Subject: asked.Name, Payload: asked}
	return engine.Decision{Reply: "enjoy the show, " + asked.Guest, Events: []event.Event{told}}, nil
}

func (h *hall) Save(_ context.Context, tx *sqldb.Tx) error {
	return tx.Insert("seats", []sqldb.Column{seatName, seatGuest}, h.added)
}

func (h *hall) Committed() {}

func seats(name string) event.Contract {
	return event.Contract{
		Name: name, Version: 1,
		Decode: func(data []byte) (any, error) {
			var s Seat
			return s, json.Unmarshal(data, &s)
		},
		Encode: func(payload any) ([]byte, error) { return json.Marshal(payload) },
	}
}

// A service of commands: a Decider, answered after the commit.
func ExampleDecider() {
	place, err := openPlace()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer place.close()
	box, err := engine.New(engine.Config{
		Name: "theatre", DB: place.db, Decider: &Theatre{place.db}, JetStream: place.js, Registry: place.registry,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := box.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for _, asked := range []Seat{{"C7", "Ann"}, {"C7", "Ann"}, {"C7", "Bob"}} {
		fmt.Println(box.Do(ctx, asked, engine.Meta{}))
	}
	fmt.Println(box.Stop(ctx))
	// Output:
	// enjoy the show, Ann <nil>
	// enjoy the show, Ann <nil>
	// <nil> seat C7 belongs to Ann
	// <nil>
}

// A service of plain functions: the engine sees to it that each event is handled
// once.
func ExampleHandlers() {
	place, err := openPlace()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer place.close()
	printed := make(chan string, 1)
	ticket := engine.Handle("seats.taken", func(ctx context.Context, tx *sql.Tx, s Seat) ([]event.Event, error) {
		printed <- fmt.Sprintf("ticket for %s, seat %s", s.Guest, s.Name)
		_, err := tx.ExecContext(ctx, "INSERT INTO seats (name, guest) VALUES ($1, $2)", s.Name, s.Guest)
		return nil, err
	})
	handlers, err := engine.Handlers("tickets", place.db, place.registry, ticket)
	if err != nil {
		fmt.Println(err)
		return
	}
	printer, err := engine.New(engine.Config{
		Name: "tickets", DB: place.db, Decider: handlers, JetStream: place.js, Registry: place.registry,
		Consumers: []engine.Consumer{{Stream: "SEATS", Name: "tickets"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := printer.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	e := event.Event{ID: "1", Source: "/box-office", Name: "seats.taken", Subject: "C7", Payload: Seat{"C7", "Ann"}}
	for range 2 { // told twice, printed once
		if err := place.publish(ctx, e); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(<-printed)
	fmt.Println(printer.Stop(ctx))
	// Output:
	// ticket for Ann, seat C7
	// <nil>
}

// place is what a service needs around it.
type place struct {
	dir      string
	server   *natsembed.Server
	conn     *natsbus.Conn
	js       jetstream.JetStream
	db       *sqldb.DB
	registry *event.Registry
}

func openPlace() (p *place, err error) {
	ctx := context.Background()
	p = &place{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.dir, err = os.MkdirTemp("", "theatre"); err != nil {
		return p, err
	}
	if p.server, err = natsembed.Start(natsembed.Config{Dir: filepath.Join(p.dir, "nats")}); err != nil {
		return p, err
	}
	if p.conn, err = natsbus.Connect(ctx, natsbus.Config{Options: []nats.Option{p.server.ConnectOption()}}); err != nil {
		return p, err
	}
	p.js = p.conn.JetStream()
	topology := natsbus.Topology{
		Streams: []jetstream.StreamConfig{{Name: "SEATS", Subjects: []string{"seats.>"}}, {Name: "DLQ", Subjects: []string{"dlq.>"}}},
		Consumers: []natsbus.Consumer{{Stream: "SEATS", Config: jetstream.ConsumerConfig{
			Durable: "tickets", AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1, FilterSubject: "seats.taken.v1.>",
		}}},
	}
	if _, err = topology.Reconcile(ctx, p.js); err != nil {
		return p, err
	}
	if p.db, err = sqlite.Open(ctx, filepath.Join(p.dir, "theatre.db")); err != nil {
		return p, err
	}
	if err = p.db.Migrate(ctx, sqldb.Schema{Owner: "tickets", Tables: []sqldb.Tables{engine.Tables()}}); err != nil {
		return p, err
	}
	err = p.db.InTx(ctx, func(tx *sqldb.Tx) error {
		tx.Exec("make the table", "CREATE TABLE seats (name text PRIMARY KEY, guest text NOT NULL)")
		return nil
	})
	if err != nil {
		return p, err
	}
	p.registry, err = event.NewRegistry("com.example.", seats("seats.taken"))
	return p, err
}

func (p *place) publish(ctx context.Context, e event.Event) error {
	if err := p.registry.Seal(&e); err != nil {
		return err
	}
	m := event.Alone(e, p.registry.Subject(e))
	_, err := p.js.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	return err
}

func (p *place) close() {
	if p.db != nil {
		_ = p.db.Close()
	}
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	if p.server != nil {
		p.server.Shutdown()
	}
	_ = os.RemoveAll(p.dir)
}
