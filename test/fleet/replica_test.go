package fleet_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/order"
	"orderly/payment/gateway"
	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// replica is one process of a service, but for the process.
type replica struct {
	service string
	dsn     string
	broker  nats.Option

	mu      sync.RWMutex // held by each request, and to replace what follows
	client  *client.Client
	process *app.Process
	bus     *natsbus.Conn
	db      *sqldb.DB
}

// become stops what runs, if anything does, and starts the service in other
// versions.
func (r *replica) become(t *testing.T, v app.Versions) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop(t)
	if err := r.start(t.Context(), v); err != nil {
		t.Fatalf("%s: %v", r.service, err)
	}
}

// leave stops what runs.
func (r *replica) leave(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stop(t)
}

func (r *replica) start(ctx context.Context, v app.Versions) (err error) {
	if r.db, err = postgres.Open(ctx, r.dsn); err != nil {
		return err
	}
	schema, err := app.Schema(r.service)
	if err != nil {
		return err
	}
	if err := r.db.Migrate(ctx, schema); err != nil {
		return err
	}
	if r.bus, err = natsbus.Connect(ctx, natsbus.Config{Name: r.service, Options: []nats.Option{r.broker}}); err != nil {
		return err
	}
	registry, err := app.NewRegistry()
	if err != nil {
		return err
	}
	metrics := app.NewMetrics()
	service, err := r.wire(ctx, app.Deps{
		DB: r.db, Bus: r.bus, Registry: registry, Metrics: metrics, Logger: zap.NewNop(), Replicas: 1, Versions: v,
	})
	if err != nil {
		return err
	}
	door, err := httpkit.Listen("127.0.0.1:0", "--http")
	if err != nil {
		return err
	}
	r.process, err = app.StartProcess(ctx, app.ProcessConfig{
		Listener: door, Services: []*app.Service{service}, Bus: r.bus, Metrics: metrics, Logger: zap.NewNop(),
	})
	if err != nil {
		return errors.Join(err, door.Close())
	}
	r.client, err = client.New(r.process.URL(), 0)
	return err
}

func (r *replica) wire(ctx context.Context, d app.Deps) (*app.Service, error) {
	switch r.service {
	case app.OrderService:
		return app.NewOrder(d, policy())
	case app.InventoryService:
		return app.NewInventory(d)
	}
	g, err := gateway.New(ctx, d.DB, gateway.Settings{})
	if err != nil {
		return nil, err
	}
	return app.NewPayment(d, g, app.PaymentConfig{})
}

// policy announces nothing again by itself: what is lost on the way stays open.
func policy() order.Policy {
	const never = 1000 * time.Hour
	return order.Policy{Deadline: never, RedriveFirst: never, RedriveMax: never}
}

func (r *replica) stop(t *testing.T) {
	t.Helper()
	if r.process == nil {
		return
	}
	r.client.Close()
	ctx := context.WithoutCancel(t.Context())
	if err := errors.Join(r.process.Stop(ctx), r.bus.Close(ctx), r.db.Close()); err != nil {
		t.Errorf("stop %s: %v", r.service, err)
	}
	r.process = nil
}
