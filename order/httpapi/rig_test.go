package httpapi_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"orderly/events"
	"orderly/internal/storetest"
	"orderly/order"
	"orderly/order/httpapi"
	"orderly/order/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// rig is the order service as it is in production, on a broker and a database
// of the test's own.
type rig struct {
	testing.TB
	handler  http.Handler
	engine   *engine.Engine
	store    *sqlstore.Store
	db       *sqldb.DB
	js       jetstream.JetStream
	registry *event.Registry
	watches  *watches
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{TB: t, js: natstest.Connect(t, natstest.Start(t)).JetStream(), db: newDatabase(t), watches: &watches{}}
	_, err := r.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "ORDERS", Subjects: []string{"orders.>"}})
	r.check(err)
	others, err := r.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHERS", Subjects: []string{"inventory.>", "payments.>"}})
	r.check(err)
	_, err = others.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "order", AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1})
	r.check(err)
	r.registry = storetest.NewRegistry(t)
	r.store = sqlstore.New(r.db, sqlstore.Config{
		Policy:    order.DefaultPolicy(),
		Registry:  r.registry,
		Committed: func(_, after order.Order) { r.watches.notify(after.ID) },
	})
	r.engine, err = engine.New(engine.Config{
		Name:      "order",
		DB:        r.db,
		Decider:   r.store,
		JetStream: r.js,
		Registry:  r.registry,
		Consumers: []engine.Consumer{{Stream: "OTHERS", Name: "order"}},
	})
	r.check(err)
	r.check(r.engine.Start())
	t.Cleanup(r.stop)
	r.serve(httpapi.Service{Engine: r.engine, Orders: r.store, Watch: r.watches.watch})
	return r
}

// serve has requests answered by s from now on.
func (r *rig) serve(s httpapi.Service) {
	mux := http.NewServeMux()
	httpapi.Register(httpkit.NewAPI(mux, "Orders", "1"), s)
	r.handler = httpkit.NewHandler(mux, httpkit.HandlerConfig{})
}

func newDatabase(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), "orders.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context(), sqlstore.Schema()); err != nil {
		t.Fatal(err)
	}
	return db
}

func (r *rig) check(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.engine.Stop(ctx); err != nil {
		r.Error(err)
	}
}

// tell publishes an event of another service and waits until the order's
// history has it.
func (r *rig) tell(e events.Event) {
	r.Helper()
	sealed := event.Event{ID: rand.Text(), Source: "test", Name: e.EventName(), Version: e.EventVersion(), Subject: e.Order(), Time: time.Now(), Payload: e}
	r.check(r.registry.Seal(&sealed))
	packs, err := r.registry.Pack([]event.Event{sealed}, 0)
	r.check(err)
	for _, p := range packs {
		_, err := r.js.PublishMsg(r.Context(), &nats.Msg{Subject: p.Message.Subject, Header: nats.Header(p.Message.Header), Data: p.Message.Data})
		r.check(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		if strings.Contains(r.get("/v1/orders/"+e.Order()+"/events").raw, `"`+e.EventName()+`"`) {
			return
		}
		if time.Now().After(deadline) {
			r.Fatalf("order %s never heard %s", e.Order(), e.EventName())
		}
	}
}

// rows counts what the service stored.
func (r *rig) rows() int {
	r.Helper()
	total := 0
	for _, table := range []string{"orders", "order_events", "open_orders", "ended_orders", "idempotency_keys", "engine_attempts", "engine_dead_letters"} {
		var n int
		r.check(r.db.Reader().QueryRowContext(r.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		total += n
	}
	return total
}

// published counts what the service said.
func (r *rig) published() uint64 {
	r.Helper()
	stream, err := r.js.Stream(r.Context(), "ORDERS")
	r.check(err)
	info, err := stream.Info(r.Context())
	r.check(err)
	return info.State.Msgs
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	raw    string
}

// send makes one request; header holds names and values in turn.
func (r *rig) send(method, path, body string, header ...string) answer {
	r.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	q := httptest.NewRequestWithContext(r.Context(), method, path, reader)
	for i := 0; i < len(header); i += 2 {
		q.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, q)
	return answer{w.Code, w.Header(), w.Body.String()}
}

func (r *rig) place(body string, header ...string) answer {
	r.Helper()
	return r.send(http.MethodPost, "/v1/orders", body, header...)
}

func (r *rig) get(path string) answer {
	r.Helper()
	return r.send(http.MethodGet, path, "")
}

// must decodes the body of an answer that has the wanted status.
func must[T any](t testing.TB, a answer, status int) T {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.raw)
	}
	var v T
	if err := json.Unmarshal([]byte(a.raw), &v); err != nil {
		t.Fatalf("%v: %s", err, a.raw)
	}
	return v
}

// placed makes an order and returns its id.
func (r *rig) placed(body string) string {
	r.Helper()
	return must[orderJSON](r, r.place(body), http.StatusAccepted).OrderID
}

// orderJSON is the client's view of an order.
type orderJSON struct {
	OrderID       string    `json:"order_id"`
	Status        string    `json:"status"`
	Reason        string    `json:"reason"`
	CustomerID    string    `json:"customer_id"`
	Priority      string    `json:"priority"`
	Currency      string    `json:"currency"`
	TotalMinor    *int64    `json:"total_minor"`
	ExpectedTotal *int64    `json:"expected_total"`
	CorrelationID string    `json:"correlation_id"`
	Closed        bool      `json:"closed"`
	CreatedAt     time.Time `json:"created_at"`
	PaymentMethod string    `json:"payment_method"`
	Items         []struct {
		ProductID      string `json:"product_id"`
		Quantity       int64  `json:"quantity"`
		UnitPriceMinor *int64 `json:"unit_price_minor"`
	} `json:"items"`
	Metadata map[string]string `json:"metadata"`
}

type pageJSON struct {
	Items []orderJSON `json:"items"`
	Next  string      `json:"next"`
}

// watches hands out one channel to one waiter, and tells when that happened.
type watches struct {
	mu      sync.Mutex // guards what follows
	changed chan struct{}
	asked   chan struct{} // closed by the first watch, if not nil
	stopped int
	begun   int
}

func (w *watches) watch(string) (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = make(chan struct{}, 1)
	w.begun++
	if w.asked != nil {
		close(w.asked)
		w.asked = nil
	}
	return w.changed, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stopped++
	}
}

func (w *watches) notify(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// expect returns a channel that is closed when the next watch begins.
func (w *watches) expect() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = make(chan struct{})
	return w.asked
}
