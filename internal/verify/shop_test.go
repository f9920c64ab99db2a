package verify_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"orderly/internal/app"
	"orderly/internal/verify"
	"orderly/order"
	"orderly/payment/gateway"
	"orderly/pkg/event"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

const patience = time.Minute

// shop is the state of a system: its databases and its streams, shown to an
// audit. Nothing happens in it before its services are started.
type shop struct {
	orders, inventory, payment, books *sqldb.DB

	bus      *natsbus.Conn
	registry *event.Registry
	gateway  *gateway.Simulated
	services []*app.Service
	url      string
	closers  []func() error
}

// databases opens one database of the shop.
type databases func(t *testing.T, name string) *sqldb.DB

// inFiles keeps the databases in a directory.
func inFiles(dir string) databases {
	return func(t *testing.T, name string) *sqldb.DB {
		t.Helper()
		db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(dir, name+".db"))
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
}

// openShop opens the shop in a directory; the test closes it in the end.
func openShop(t *testing.T, dir string, open databases) *shop {
	t.Helper()
	s := &shop{}
	t.Cleanup(func() { s.close(t) })
	for name, db := range map[string]**sqldb.DB{"order": &s.orders, "inventory": &s.inventory, "payment": &s.payment, "gateway": &s.books} {
		*db = open(t, name)
		s.closers = append(s.closers, (*db).Close)
	}
	server, err := natsembed.Start(natsembed.Config{Dir: filepath.Join(dir, "nats"), MaxStore: 1 << 40})
	ok(t, err)
	s.closers = append(s.closers, func() error { server.Shutdown(); return nil })
	s.bus, err = natsbus.Connect(t.Context(), natsbus.Config{Name: t.Name(), Options: []nats.Option{server.ConnectOption()}})
	ok(t, err)
	s.closers = append(s.closers, func() error { return s.bus.Close(context.Background()) })
	s.registry, err = app.NewRegistry()
	ok(t, err)
	s.gateway, err = gateway.New(t.Context(), s.books, gateway.Settings{})
	ok(t, err)
	s.wire(t)
	s.show()
	return s
}

func (s *shop) deps(db *sqldb.DB) app.Deps {
	return app.Deps{DB: db, Bus: s.bus, Registry: s.registry, Metrics: prometheus.NewRegistry(), Logger: zap.NewNop(), Replicas: 1}
}

// wire makes the services, not started yet.
func (s *shop) wire(t *testing.T) {
	t.Helper()
	for service, db := range map[string]*sqldb.DB{app.OrderService: s.orders, app.InventoryService: s.inventory, app.PaymentService: s.payment} {
		schema, err := app.Schema(service)
		ok(t, err)
		ok(t, db.Migrate(t.Context(), schema))
	}
	orders, err := app.NewOrder(s.deps(s.orders), order.DefaultPolicy())
	ok(t, err)
	inventory, err := app.NewInventory(s.deps(s.inventory))
	ok(t, err)
	payment, err := app.NewPayment(s.deps(s.payment), s.gateway, app.PaymentConfig{})
	ok(t, err)
	s.services = []*app.Service{orders, inventory, payment}
}

// show serves the audit feeds.
func (s *shop) show() {
	mux := http.NewServeMux()
	app.AuditRoutes(mux, zap.NewNop(), app.OrderAudit(s.deps(s.orders))...)
	app.AuditRoutes(mux, zap.NewNop(), app.InventoryAudit(s.deps(s.inventory))...)
	app.AuditRoutes(mux, zap.NewNop(), app.PaymentAudit(s.deps(s.payment), s.gateway)...)
	server := httptest.NewServer(mux)
	s.url = server.URL
	s.closers = append(s.closers, func() error { server.Close(); return nil })
}

func (s *shop) start(t *testing.T) {
	t.Helper()
	for _, service := range s.services {
		ok(t, service.Start(t.Context()))
		s.closers = append(s.closers, func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			_ = service.Stop(ctx) // a call that meets an outage is still under way
			return nil
		})
	}
}

func (s *shop) close(t *testing.T) {
	t.Helper()
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	ok(t, errors.Join(errs...))
}

// client forgets its connections with the test.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// audit audits the shop with next to no grace: its databases share one clock.
func (s *shop) audit(t *testing.T, o verify.Options) verify.Report {
	t.Helper()
	o.URL, o.Client = s.url, client(t)
	if o.Grace == 0 {
		o.Grace = time.Microsecond
	}
	r, err := verify.Run(t.Context(), o)
	ok(t, err)
	return r
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually looks again until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func copyTree(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	ok(t, os.CopyFS(to, os.DirFS(from)))
	return to
}
