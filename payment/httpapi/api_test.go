package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"orderly/events"
	"orderly/internal/storetest"
	"orderly/payment/gateway"
	"orderly/payment/httpapi"
	"orderly/payment/sqlstore"
	"orderly/pkg/breaker"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const orderID = "01990000-0000-7000-8000-000000000001"

// rig is the payment service on a broker and databases of the test's own.
type rig struct {
	testing.TB
	handler http.Handler
	engine  *engine.Engine
	gateway *gateway.Simulated
	db      *sqldb.DB
	breaker *breaker.Breaker
	config  engine.Config
}

func newRig(t testing.TB) *rig {
	t.Helper()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "PAYMENTS", Subjects: []string{"payments.>"}})
	check(t, err)
	db := newDatabase(t, "payment.db")
	check(t, db.Migrate(t.Context(), sqlstore.Schema()))
	g, err := gateway.New(t.Context(), newDatabase(t, "gateway.db"), gateway.Settings{})
	check(t, err)
	store := sqlstore.New(db, g)
	b, err := breaker.New(breaker.Config{})
	check(t, err)
	r := &rig{TB: t, gateway: g, db: db, breaker: b, config: engine.Config{Name: "payment", Breaker: b, DB: db, Decider: store, JetStream: js, Registry: storetest.NewRegistry(t),
		Timers: []engine.Timer{{Every: 20 * time.Millisecond, Due: store.CreditsToCall}}}}
	r.start()
	t.Cleanup(r.stop)
	return r
}

// start starts a process of the service.
func (r *rig) start() {
	r.Helper()
	e, err := engine.New(r.config)
	check(r, err)
	check(r, e.Start())
	mux := http.NewServeMux()
	httpapi.Register(httpkit.NewAPI(mux, "Payments", "1"), httpapi.Service{Engine: e, Payments: r.config.Decider.(*sqlstore.Store), Gateway: r.gateway, Replica: "here/1", Calls: e, Breaker: r.breaker})
	r.engine, r.handler = e, httpkit.NewHandler(mux, httpkit.HandlerConfig{})
}

func (r *rig) stop() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	check(r, r.engine.Stop(ctx))
}

func newDatabase(t testing.TB, name string) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), name))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) send(method, path, body string) *httptest.ResponseRecorder {
	r.Helper()
	return r.sendKeyed(method, path, "", body)
}

func (r *rig) sendKeyed(method, path, key, body string) *httptest.ResponseRecorder {
	r.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request := httptest.NewRequestWithContext(r.Context(), method, path, reader)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, request)
	return w
}

// settings are those in force at the gateway.
func (r *rig) settings() gateway.Settings {
	r.Helper()
	s, err := r.gateway.Settings(r.Context())
	check(r, err)
	return s
}

// must decodes the body of an answer that has the wanted status.
func must[T any](t testing.TB, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

type paymentJSON struct {
	OrderID     string    `json:"order_id"`
	State       string    `json:"state"`
	Currency    string    `json:"currency"`
	AmountMinor int64     `json:"amount_minor"`
	Method      string    `json:"method"`
	ChargeID    string    `json:"charge_id"`
	Code        string    `json:"code"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// pay has payment hear that stock is reserved and waits for what the gateway
// said.
func (r *rig) pay(method string) paymentJSON {
	r.Helper()
	_, err := r.engine.Do(r.Context(), events.InventoryReserved{OrderID: orderID, Currency: "EUR", TotalMinor: 1980, PaymentMethod: method,
		Items: []events.PricedItem{{ProductID: "beans", Quantity: 2, UnitPriceMinor: 990}}}, engine.Meta{})
	check(r, err)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		p := must[paymentJSON](r, r.send(http.MethodGet, "/v1/payments/"+strings.ToUpper(orderID), ""), http.StatusOK)
		if p.State != "charging" {
			return p
		}
		if time.Now().After(deadline) {
			r.Fatal("still charging")
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := must[httpkit.Problem](t, r.send(http.MethodGet, "/v1/payments/"+orderID, ""), http.StatusNotFound)
	if p.Type != "urn:orderly:problem:payment-not-found" {
		t.Errorf("problem: %+v", p)
	}
	for _, id := range []string{"7", "a.b", "%3E", "%00", strings.Repeat("x", 10<<10), strings.ReplaceAll(orderID, "-", "")} {
		p := must[httpkit.Problem](t, r.send(http.MethodGet, "/v1/payments/"+id, ""), http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Location != "path.order_id" {
			t.Errorf("%.40s: %+v", id, p.Errors)
		}
	}
	got := r.pay("pm_card_visa")
	if got.State != "captured" || got.AmountMinor != 1980 || got.Currency != "EUR" || got.ChargeID == "" || got.OrderID != orderID || got.UpdatedAt.IsZero() {
		t.Errorf("captured: %+v", got)
	}
}

func TestGetDeclined(t *testing.T) {
	t.Parallel()
	got := newRig(t).pay("pm_card_chargeDeclinedInsufficientFunds")
	if got.State != "failed" || got.Code != "insufficient_funds" || got.ChargeID != "" {
		t.Errorf("declined: %+v", got)
	}
}

type settingsJSON struct {
	Latency      string     `json:"latency"`
	Jitter       string     `json:"jitter"`
	Outage       bool       `json:"outage"`
	OutageUntil  *time.Time `json:"outage_until"`
	LoseAnswers  float64    `json:"lose_answers"`
	Decline      float64    `json:"decline"`
	Seed         uint64     `json:"seed"`
	KeyRetention string     `json:"key_retention"`
}

func TestGatewaySettings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const body = `{"latency":"200ms","jitter":"50ms","outage":true,"outage_until":"2030-01-02T03:04:05Z","lose_answers":0.25,"decline":0.5,"seed":7,"key_retention":"1h"}`
	until := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	want := gateway.Settings{
		Latency: 200 * time.Millisecond, Jitter: 50 * time.Millisecond, Outage: true, OutageUntil: until,
		LoseAnswers: 0.25, Decline: 0.5, Seed: 7, KeyRetention: time.Hour,
	}
	put := r.send(http.MethodPut, "/v1/gateway", body)
	must[settingsJSON](t, put, http.StatusOK)
	if got := r.settings(); got != want {
		t.Errorf("set: %+v, want %+v", got, want)
	}
	get := r.send(http.MethodGet, "/v1/gateway", "")
	shown := must[settingsJSON](t, get, http.StatusOK)
	if get.Body.String() != put.Body.String() || shown.Latency != "200ms" || shown.OutageUntil == nil || !shown.OutageUntil.Equal(until) || shown.Seed != 7 {
		t.Errorf("shown: %s", get.Body)
	}
	// What is shown can be put again, and means the same.
	must[settingsJSON](t, r.send(http.MethodPut, "/v1/gateway", get.Body.String()), http.StatusOK)
	if got := r.settings(); got != want {
		t.Errorf("put again: %+v, want %+v", got, want)
	}
	reset := must[settingsJSON](t, r.send(http.MethodPut, "/v1/gateway", `{}`), http.StatusOK)
	if reset.KeyRetention != gateway.DefaultKeyRetention.String() {
		t.Errorf("key_retention %q, want the one in force", reset.KeyRetention)
	}
	if got := r.settings(); got != (gateway.Settings{}) {
		t.Errorf("set back: %+v", got)
	}
}

func TestGatewayOutageForAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := time.Now()
	must[settingsJSON](t, r.send(http.MethodPut, "/v1/gateway", `{"outage_for":"30s"}`), http.StatusOK)
	after := time.Now()
	if got := r.settings().OutageUntil; got.Before(before.Add(30*time.Second)) || got.After(after.Add(30*time.Second)) {
		t.Errorf("outage until %s", got)
	}
}

func TestGatewayRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	check(t, r.gateway.SetSettings(r.Context(), gateway.Settings{Seed: 42}))
	tests := []struct{ body, location string }{
		{`{"latency":200}`, "body.latency"},
		{`{"latency":"200"}`, "body.latency"},
		{`{"jitter":"-1s"}`, "body.jitter"},
		{`{"latency":"2h"}`, "body.latency"},
		{`{"latency":"1s","jitter":"2h","decline":2}`, "body.jitter"},
		{`{"latency":"1s","jitter":"2h","decline":2}`, "body.decline"},
		{`{"decline":1.5}`, "body.decline"},
		{`{"lose_answers":-0.1}`, "body.lose_answers"},
		{`{"key_retention":"-1s"}`, "body.key_retention"},
		{`{"decline":"half"}`, "body.decline"},
		{`{"seed":-1}`, "body.seed"},
		{`{"outage":"yes"}`, "body.outage"},
		{`{"outage_until":"tomorrow"}`, "body.outage_until"},
		{`{"outage_for":"long"}`, "body.outage_for"},
		{`{"outage_for":"30s","outage_until":"2030-01-02T03:04:05Z"}`, "body.outage_for"},
		{`{"speed":1}`, "body.speed"},
		{`null`, "body"},
	}
	for _, tt := range tests {
		p := must[httpkit.Problem](t, r.send(http.MethodPut, "/v1/gateway", tt.body), http.StatusUnprocessableEntity)
		if !slices.ContainsFunc(p.Errors, func(f httpkit.Fault) bool { return f.Location == tt.location && f.Message != "" }) {
			t.Errorf("%s: no fault at %s: %+v", tt.body, tt.location, p.Errors)
		}
	}
	must[httpkit.Problem](t, r.send(http.MethodPut, "/v1/gateway", `latency=1s`), http.StatusBadRequest)
	if got := r.settings(); got != (gateway.Settings{Seed: 42}) {
		t.Errorf("refusals changed the settings: %+v", got)
	}
}

type statusJSON struct {
	Replica   string     `json:"replica"`
	State     string     `json:"state"`
	Since     time.Time  `json:"since"`
	Reason    string     `json:"reason"`
	NextProbe *time.Time `json:"next_probe"`
	Calls     int        `json:"calls"`
	Succeeded uint64     `json:"succeeded"`
	Failed    uint64     `json:"failed"`
	Opened    uint64     `json:"opened"`
}

func (r *rig) status() statusJSON {
	r.Helper()
	return must[statusJSON](r, r.send(http.MethodGet, "/v1/gateway/status", ""), http.StatusOK)
}

func TestGatewayStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.pay("pm_card_chargeDeclined") // is an answer
	got := r.status()
	if got.State != "closed" || got.Replica != "here/1" || got.Since.IsZero() || got.NextProbe != nil || got.Succeeded != 1 || got.Calls != 0 {
		t.Errorf("while it answers: %+v", got)
	}
	check(t, r.gateway.SetSettings(r.Context(), gateway.Settings{Outage: true}))
	for n := range 20 {
		_, err := r.engine.Do(r.Context(), events.InventoryReserved{OrderID: event.DeriveID("order", strconv.Itoa(n)), Currency: "EUR", TotalMinor: 990, PaymentMethod: "pm_card_visa",
			Items: []events.PricedItem{{ProductID: "beans", Quantity: 1, UnitPriceMinor: 990}}}, engine.Meta{})
		check(r, err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		got = r.status()
		if got.State != "closed" || time.Now().After(deadline) {
			break
		}
	}
	if got.State == "closed" || !strings.Contains(got.Reason, "unavailable") || got.NextProbe == nil || got.Calls != 20 || got.Failed < 10 || got.Opened != 1 {
		t.Errorf("in an outage: %+v", got)
	}
	check(t, r.gateway.SetSettings(r.Context(), gateway.Settings{}))
}

// A service with a real provider has nothing to set.
func TestWithoutSimulation(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	httpapi.Register(httpkit.NewAPI(mux, "Payments", "1"), httpapi.Service{})
	r := &rig{TB: t, handler: httpkit.NewHandler(mux, httpkit.HandlerConfig{})}
	must[httpkit.Problem](t, r.send(http.MethodGet, "/v1/gateway", ""), http.StatusNotFound)
}
