package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/events"
	"orderly/internal/app"
	"orderly/internal/audit"
	"orderly/internal/pgtest"
	"orderly/pkg/event"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// broker is a server with the three streams.
func broker(t *testing.T) *natsbus.Conn {
	t.Helper()
	bus := natstest.Connect(t, natstest.Start(t))
	for name, subjects := range map[string]string{app.StreamOrders: "orders.>", app.StreamInventory: "inventory.>", app.StreamPayments: "payments.>"} {
		_, err := bus.JetStream().CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{subjects}})
		must(t, err)
	}
	return bus
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func registry(t *testing.T) *event.Registry {
	t.Helper()
	r, err := app.NewRegistry()
	must(t, err)
	return r
}

// announce publishes orders.cancelled of new orders, in packs as large as they
// may be, and returns the events.
func announce(t *testing.T, bus *natsbus.Conn, lane string, n, packLimit int) []event.Event {
	t.Helper()
	r := registry(t)
	out := make([]event.Event, n)
	for i := range out {
		id, err := uuid.NewV7()
		must(t, err)
		payload := events.OrderCancelled{OrderID: id.String(), Reason: events.ReasonCustomer}
		out[i] = event.Event{ID: event.DeriveID(payload.OrderID, payload.EventName()), Source: "order", Name: payload.EventName(), Version: payload.EventVersion(), Subject: payload.OrderID, Payload: payload, Lane: lane}
		must(t, r.Seal(&out[i]))
	}
	packs, err := r.Pack(out, packLimit)
	must(t, err)
	for _, p := range packs {
		_, err := bus.JetStream().PublishMsg(t.Context(), &nats.Msg{Subject: p.Subject, Header: nats.Header(p.Header), Data: p.Data})
		must(t, err)
	}
	return out
}

func orderDB(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "order.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	schema, err := app.Schema(app.OrderService)
	must(t, err)
	must(t, db.Migrate(t.Context(), schema))
	return db
}

// listen reads the feed of events.
func listen(t *testing.T, bus *natsbus.Conn) (streams map[string]audit.Stream, told []audit.Event) {
	t.Helper()
	db := orderDB(t)
	streams = make(map[string]audit.Stream)
	for _, f := range app.OrderAudit(app.Deps{DB: db, Bus: bus, Registry: registry(t)}) {
		if f.Path != audit.PathEvents {
			continue
		}
		must(t, f.Read(t.Context(), func(l audit.Line) error {
			switch {
			case l.Stream != nil:
				streams[l.Stream.Name] = *l.Stream
			case l.Event != nil:
				told = append(told, *l.Event)
			}
			return nil
		}))
	}
	return streams, told
}

// G5: every event that the streams hold is told once for each time it lies
// there, with its contents, whatever the packs and however many messages.
func TestOrderAudit_tells_every_event(t *testing.T) {
	t.Parallel()
	bus := broker(t)
	published := slices.Concat(announce(t, bus, "standard", 700, 1), announce(t, bus, "priority", 300, 4000))
	_, err := bus.JetStream().Publish(t.Context(), "payments.captured.v1.standard", []byte("garbage"))
	must(t, err)
	streams, told := listen(t, bus)
	if len(told) != len(published)+1 {
		t.Fatalf("%d events were told of %d and a bad message", len(told), len(published))
	}
	for i, e := range published {
		got := told[i]
		want := audit.Event{Stream: app.StreamOrders, Sequence: got.Sequence, ID: e.ID, Name: e.Name, Version: 1, OrderID: e.Subject, Sum: audit.Sum(e.Data)}
		if got != want {
			t.Fatalf("event %d is told as %+v, want %+v", i, got, want)
		}
	}
	if bad := told[len(published)]; bad.Stream != app.StreamPayments || bad.Name != "" {
		t.Errorf("the bad message is told as %+v", bad)
	}
	for _, name := range []string{app.StreamOrders, app.StreamInventory, app.StreamPayments} {
		stream, err := bus.JetStream().Stream(t.Context(), name)
		must(t, err)
		if since := streams[name].Since; !since.Equal(stream.CachedInfo().Created) {
			t.Errorf("stream %s holds everything since %v, it was made at %v", name, since, stream.CachedInfo().Created)
		}
	}
}

// A stream that forgot its beginning says how far back it goes.
func TestOrderAudit_says_how_far_back_a_stream_goes(t *testing.T) {
	t.Parallel()
	bus := broker(t)
	announce(t, bus, "standard", 3, 1)
	stream, err := bus.JetStream().Stream(t.Context(), app.StreamOrders)
	must(t, err)
	must(t, stream.DeleteMsg(t.Context(), 1))
	second, err := stream.GetMsg(t.Context(), 2)
	must(t, err)
	streams, told := listen(t, bus)
	if since := streams[app.StreamOrders].Since; len(told) != 2 || !since.Equal(second.Time) {
		t.Errorf("%d events since %v, want 2 since %v", len(told), since, second.Time)
	}
	must(t, stream.Purge(t.Context()))
	if streams, told := listen(t, bus); len(told) != 0 || !streams[app.StreamOrders].Since.IsZero() {
		t.Errorf("an empty stream tells %v since %v", told, streams[app.StreamOrders].Since)
	}
}

// The feed ends where the streams ended when it was asked for, however much is
// published meanwhile.
func TestOrderAudit_ends_under_load(t *testing.T) {
	t.Parallel()
	bus := broker(t)
	announce(t, bus, "standard", 600, 1)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = bus.JetStream().Publish(ctx, "orders.cancelled.v1.standard", fmt.Appendf(nil, "%d", i))
		}
	}()
	_, told := listen(t, bus)
	stop()
	<-stopped
	if len(told) < 600 {
		t.Errorf("%d events were told", len(told))
	}
}

func TestOrderAudit_fails_without_its_streams(t *testing.T) {
	t.Parallel()
	bus := broker(t)
	must(t, bus.JetStream().DeleteStream(t.Context(), app.StreamPayments))
	mux := http.NewServeMux()
	app.AuditRoutes(mux, zap.NewNop(), app.OrderAudit(app.Deps{DB: orderDB(t), Bus: bus, Registry: registry(t)})...)
	response := httptest.NewRecorder()
	mux.ServeHTTP(response, httptest.NewRequest(http.MethodGet, audit.PathEvents, nil))
	reader := audit.NewReader(response.Body)
	_, err := reader.Next()
	for err == nil {
		_, err = reader.Next()
	}
	if !errors.Is(err, audit.ErrCut) {
		t.Errorf("the feed ends with %v", err)
	}
}
