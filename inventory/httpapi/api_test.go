package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orderly/inventory/httpapi"
	"orderly/inventory/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the inventory service on a database of the test's own. Commands alone
// need no broker.
type rig struct {
	testing.TB
	handler http.Handler
	db      *sqldb.DB
}

func newRig(t testing.TB) *rig {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), "inventory.db"))
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	check(t, db.Migrate(t.Context(), sqlstore.Schema()))
	store := sqlstore.New(db)
	e, err := engine.New(engine.Config{Name: "inventory", DB: db, Decider: store})
	check(t, err)
	check(t, e.Start())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		check(t, e.Stop(ctx))
	})
	mux := http.NewServeMux()
	httpapi.Register(httpkit.NewAPI(mux, "Products", "1"), httpapi.Service{Engine: e, Products: store})
	return &rig{t, httpkit.NewHandler(mux, httpkit.HandlerConfig{}), db}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) rows() int {
	r.Helper()
	total := 0
	for _, table := range []string{"products", "adjustments", "engine_dead_letters"} {
		var n int
		check(r, r.db.Reader().QueryRowContext(r.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		total += n
	}
	return total
}

func (r *rig) send(method, path, body string, header ...string) *httptest.ResponseRecorder {
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
	return w
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

type productJSON struct {
	ProductID      string    `json:"product_id"`
	Name           string    `json:"name"`
	Currency       string    `json:"currency"`
	UnitPriceMinor int64     `json:"unit_price_minor"`
	OnHand         int64     `json:"on_hand"`
	Available      int64     `json:"available"`
	Reserved       int64     `json:"reserved"`
	Sold           int64     `json:"sold"`
	UpdatedAt      time.Time `json:"updated_at"`
}

const beans = `{"name":"Espresso beans","currency":"EUR","unit_price_minor":1990}`

func (r *rig) put(id string) productJSON {
	r.Helper()
	return must[productJSON](r, r.send(http.MethodPut, "/v1/products/"+id, beans), http.StatusOK)
}

func TestPutAndGet(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	made := r.put("BANK%20CHARGES")
	if made.ProductID != "BANK CHARGES" || made.UnitPriceMinor != 1990 || made.OnHand != 0 || made.UpdatedAt.IsZero() {
		t.Errorf("made: %+v", made)
	}
	must[any](t, r.send(http.MethodPost, "/v1/products/BANK%20CHARGES/stock", `{"delta":5,"reason":"delivery"}`), http.StatusOK)
	must[any](t, r.send(http.MethodPut, "/v1/products/BANK%20CHARGES", strings.Replace(beans, "1990", "2490", 1)), http.StatusOK)
	got := must[productJSON](t, r.send(http.MethodGet, "/v1/products/BANK%20CHARGES", ""), http.StatusOK)
	if got.UnitPriceMinor != 2490 || got.OnHand != 5 || got.Available != 5 {
		t.Errorf("with another price: %+v", got)
	}
	p := must[httpkit.Problem](t, r.send(http.MethodGet, "/v1/products/nothing", ""), http.StatusNotFound)
	if p.Type != "urn:orderly:problem:product-not-found" {
		t.Errorf("problem: %+v", p)
	}
}

type levelJSON struct {
	ProductID string `json:"product_id"`
	OnHand    int64  `json:"on_hand"`
	Available int64  `json:"available"`
}

func TestAdjust(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.put("beans")
	const path = "/v1/products/beans/stock"
	first := r.send(http.MethodPost, path, `{"delta":10,"reason":"delivery"}`, "Idempotency-Key", "d-1")
	if got := must[levelJSON](t, first, http.StatusOK); got != (levelJSON{"beans", 10, 10}) {
		t.Errorf("after the delivery: %+v", got)
	}
	must[any](t, r.send(http.MethodPost, path, `{"delta":-4,"reason":"broken"}`), http.StatusOK)

	again := r.send(http.MethodPost, path, `{"reason":"delivery", "delta":10}`, "Idempotency-Key", "d-1")
	if again.Code != http.StatusOK || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("repeated: %d %s %v", again.Code, again.Body, again.Header())
	}
	if first.Header().Get("Idempotent-Replayed") != "" {
		t.Error("the first request claims to be a repetition")
	}
	got := must[productJSON](t, r.send(http.MethodGet, "/v1/products/beans", ""), http.StatusOK)
	if got.OnHand != 6 {
		t.Errorf("on hand: %d, want 6", got.OnHand)
	}
	refusals := []struct {
		path, body, key string
		status          int
		problem         string
	}{
		{path, `{"delta":11,"reason":"delivery"}`, "d-1", http.StatusUnprocessableEntity, "idempotency-key-reused"},
		{path, `{"delta":-7,"reason":"broken"}`, "d-2", http.StatusConflict, "not-enough-stock"},
		{"/v1/products/nothing/stock", `{"delta":1,"reason":"delivery"}`, "d-3", http.StatusNotFound, "product-not-found"},
		{path, `{"delta":9007199254740991,"reason":"delivery"}`, "d-4", http.StatusUnprocessableEntity, "validation"},
	}
	rows := r.rows()
	for _, tt := range refusals {
		p := must[httpkit.Problem](t, r.send(http.MethodPost, tt.path, tt.body, "Idempotency-Key", tt.key), tt.status)
		if p.Type != "urn:orderly:problem:"+tt.problem || p.Detail == "" {
			t.Errorf("%s %s: %+v", tt.path, tt.body, p)
		}
	}
	if r.rows() != rows {
		t.Error("refused adjustments left rows behind")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	long := strings.Repeat("x", 10<<10)
	tests := []struct{ method, path, body, location string }{
		{"PUT", "/v1/products/a.b", beans, "path.id"},
		{"PUT", "/v1/products/%3E", beans, "path.id"},
		{"PUT", "/v1/products/a%2Fb", beans, "path.id"},
		{"PUT", "/v1/products/a%00b", beans, "path.id"},
		{"PUT", "/v1/products/" + long, beans, "path.id"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "Espresso beans", "", 1), "body.name"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "Espresso beans", `a\u0007b`, 1), "body.name"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "Espresso beans", long, 1), "body.name"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "EUR", "EUX", 1), "body.currency"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "1990", "-1", 1), "body.unit_price_minor"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "1990", "19.90", 1), "body.unit_price_minor"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "1990", `"19"`, 1), "body.unit_price_minor"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "{", `{"stock":1,`, 1), "body.stock"},
		{"POST", "/v1/products/a.b/stock", `{"delta":1,"reason":"r"}`, "path.id"},
		{"POST", "/v1/products/beans/stock", `{"delta":0,"reason":"r"}`, "body.delta"},
		{"POST", "/v1/products/beans/stock", `{"delta":0.5,"reason":"r"}`, "body.delta"},
		{"POST", "/v1/products/beans/stock", `{"delta":9007199254740992,"reason":"r"}`, "body.delta"},
		{"POST", "/v1/products/beans/stock", `{"delta":1}`, "body.reason"},
		{"GET", "/v1/products/a.b", "", "path.id"},
		{"GET", "/v1/products?limit=0", "", "query.limit"},
		{"GET", "/v1/products?limit=201", "", "query.limit"},
		{"GET", "/v1/products?cursor=x", "", "query.cursor"},
		{"GET", "/v1/products?cursor=" + httpkit.Cursor("product", "a.b"), "", "query.cursor"},
		{"GET", "/v1/products?cursor=" + httpkit.Cursor("order", "beans"), "", "query.cursor"},
		{"GET", "/v1/products?cursor=&limit=1", "", "query.cursor"},
		{"GET", "/v1/products?offset=1", "", "query.offset"},
		{"PUT", "/v1/products/%20", beans, "path.id"},
		{"PUT", "/v1/products/beans%20", beans, "path.id"},
		{"GET", "/v1/products/%20beans", "", "path.id"},
		{"PUT", "/v1/products/beans", strings.Replace(beans, "Espresso beans", "  ", 1), "body.name"},
	}
	for _, tt := range tests {
		p := must[httpkit.Problem](t, r.send(tt.method, tt.path, tt.body), http.StatusUnprocessableEntity)
		if !slices.ContainsFunc(p.Errors, func(f httpkit.Fault) bool { return f.Location == tt.location && f.Message != "" }) {
			t.Errorf("%s %.60s %.60s: no fault at %s: %+v", tt.method, tt.path, tt.body, tt.location, p.Errors)
		}
	}
	must[httpkit.Problem](t, r.send("PUT", "/v1/products/beans", "beans"), http.StatusBadRequest)
	must[httpkit.Problem](t, r.send("PUT", "/v1/products/beans", beans, "Content-Type", "text/xml"), http.StatusUnsupportedMediaType)
	must[httpkit.Problem](t, r.send("POST", "/v1/products/beans/stock", `{"delta":1,"reason":"r"}`, "Idempotency-Key", strings.Repeat("k", 256)), http.StatusUnprocessableEntity)
	must[httpkit.Problem](t, r.send("POST", "/v1/products/beans/stock", `{"delta":1,"reason":"r"}`, "Idempotency-Key", ""), http.StatusUnprocessableEntity)
	if n := r.rows(); n != 0 {
		t.Errorf("refusals left %d rows behind", n)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	want := []string{"BANK CHARGES", "a", "b", "c", "d"}
	for _, id := range want {
		r.put(strings.ReplaceAll(id, " ", "%20"))
	}
	type page struct {
		Items []productJSON `json:"items"`
		Next  string        `json:"next"`
	}
	var got []string
	for path := "/v1/products?limit=2"; path != ""; {
		p := must[page](t, r.send(http.MethodGet, path, ""), http.StatusOK)
		for _, item := range p.Items {
			got = append(got, item.ProductID)
		}
		path = ""
		if p.Next != "" {
			path = "/v1/products?limit=2&cursor=" + p.Next
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}
