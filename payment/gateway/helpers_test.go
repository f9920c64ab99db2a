package gateway_test

import (
	"path/filepath"
	"testing"

	"orderly/internal/pgtest"
	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// engines are the databases a ledger can live in. Each opener makes a new, empty one.
var engines = []struct {
	name string
	open func(t *testing.T) *sqldb.DB
}{
	{"sqlite", func(t *testing.T) *sqldb.DB { return openSQLite(t, filepath.Join(t.TempDir(), "ledger.db")) }},
	{"postgres", openPostgres},
}

// onLedgers runs a test on every ledger; that in memory has no database.
func onLedgers(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	onEngines(t, test)
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, nil)
	})
}

// onEngines runs a test on every database.
func onEngines(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			t.Parallel()
			test(t, engine.open(t))
		})
	}
}

func openSQLite(t *testing.T, path string) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), path)
	return opened(t, db, err)
}

func openPostgres(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.DSN(t))
	return opened(t, db, err)
}

func opened(t *testing.T, db *sqldb.DB, err error) *sqldb.DB {
	t.Helper()
	if err != nil {
		t.Fatalf("open the ledger's database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the ledger's database: %v", err)
		}
	})
	return db
}

func start(t *testing.T, db *sqldb.DB, settings gateway.Settings) *gateway.Simulated {
	t.Helper()
	open := func() (*gateway.Simulated, error) { return gateway.New(t.Context(), db, settings) }
	if db == nil {
		open = func() (*gateway.Simulated, error) { return gateway.NewInMemory(settings) }
	}
	g, err := open()
	if err != nil {
		t.Fatalf("start the gateway: %v", err)
	}
	return g
}

func set(t *testing.T, g *gateway.Simulated, settings gateway.Settings) {
	t.Helper()
	if err := g.SetSettings(t.Context(), settings); err != nil {
		t.Fatalf("change the settings: %v", err)
	}
}

// request charges an order with 4999 cents under its own id as the key.
func request(orderID, method string) payment.ChargeRequest {
	return payment.ChargeRequest{Key: orderID, OrderID: orderID, Method: method, Currency: "EUR", AmountMinor: 4999}
}

func charge(t *testing.T, g *gateway.Simulated, r payment.ChargeRequest) payment.Charge {
	t.Helper()
	c, err := g.Charge(t.Context(), r)
	if err != nil {
		t.Fatalf("charge: %v", err)
	}
	return c
}

func refund(t *testing.T, g *gateway.Simulated, r payment.RefundRequest) payment.Refund {
	t.Helper()
	answer, err := g.Refund(t.Context(), r)
	if err != nil {
		t.Fatalf("refund: %v", err)
	}
	return answer
}

// wantCounts compares the whole ledger.
func wantCounts(t *testing.T, g *gateway.Simulated, want gateway.Counts) {
	t.Helper()
	got, err := g.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("ledger has %+v, want %+v", got, want)
	}
}
