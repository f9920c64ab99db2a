// Temporal runs the saga as one workflow per order on a Temporal server. The
// server's task queues take the broker's place, so -nats is not used.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"orderly/test/bench/peers/shop"
)

const taskQueue = "orders"

// Activities are the services' steps, each one transaction on its own tables.
type Activities struct {
	store   *shop.Store
	gateway shop.Gateway
}

func (a *Activities) Reserve(ctx context.Context, ev shop.Event) (shop.Event, error) {
	return a.store.Reserve(ctx, ev)
}

func (a *Activities) Charge(ctx context.Context, ev shop.Event) (shop.Event, error) {
	return a.store.Charge(ctx, a.gateway, ev)
}

func (a *Activities) Release(ctx context.Context, ev shop.Event) error {
	return a.store.Release(ctx, ev)
}

func (a *Activities) Finish(ctx context.Context, ev shop.Event) error {
	return a.store.Finish(ctx, ev)
}

var local bool

func step(ctx workflow.Context, activity any, ev shop.Event) workflow.Future {
	if local {
		return workflow.ExecuteLocalActivity(ctx, activity, ev)
	}
	return workflow.ExecuteActivity(ctx, activity, ev)
}

// OrderWorkflow reserves, charges and ends the order; a failed charge is
// compensated by releasing the stock.
func OrderWorkflow(ctx workflow.Context, created shop.Event) error {
	retry := &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 30 * time.Second, RetryPolicy: retry})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 30 * time.Second, RetryPolicy: retry})
	var a *Activities
	var stock, payment shop.Event
	if err := step(ctx, a.Reserve, created).Get(ctx, &stock); err != nil {
		return err
	}
	if stock.Type == shop.OrderCancelled {
		return step(ctx, a.Finish, stock).Get(ctx, nil)
	}
	if err := step(ctx, a.Charge, stock).Get(ctx, &payment); err != nil {
		return err
	}
	if payment.Type == shop.PaymentFailed {
		if err := step(ctx, a.Release, payment).Get(ctx, nil); err != nil {
			return err
		}
	}
	return step(ctx, a.Finish, payment).Get(ctx, nil)
}

func main() {
	cfg := shop.Flags(200)
	shards := flag.Int("shards", 4, "history shards of the server")
	pollers := flag.Int("pollers", 8, "pollers per kind of task (0: scaled by the SDK)")
	eager := flag.Bool("eager", true, "eager workflow start")
	flag.BoolVar(&local, "local", false, "run the steps as local activities")
	flag.Parse()
	ctx := shop.Interrupted()
	store, err := shop.Open(ctx, cfg)
	shop.Fatal(err)
	addr, stop := startServer(ctx, cfg.PG, *shards)
	defer stop()
	c, err := client.Dial(client.Options{HostPort: addr, Namespace: namespace,
		Logger: tlog.NewStructuredLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))})
	shop.Fatal(err)
	defer c.Close()

	poller := worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{})
	if *pollers > 0 {
		poller = worker.NewPollerBehaviorSimpleMaximum(worker.PollerBehaviorSimpleMaximumOptions{MaximumNumberOfPollers: *pollers})
	}
	w := worker.New(c, taskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize:      cfg.Workers,
		MaxConcurrentWorkflowTaskExecutionSize:  cfg.Workers,
		MaxConcurrentLocalActivityExecutionSize: cfg.Workers,
		WorkflowTaskPollerBehavior:              poller,
		ActivityTaskPollerBehavior:              poller,
	})
	w.RegisterWorkflow(OrderWorkflow)
	w.RegisterActivity(&Activities{store, cfg.Gateway})
	shop.Fatal(w.Start())
	defer w.Stop()

	start := func(ctx context.Context, o shop.Order) error {
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: "order-" + o.ID, TaskQueue: taskQueue, EnableEagerStart: *eager,
			WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
			WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, OrderWorkflow, shop.NewEvent(shop.OrderCreated, o, ""))
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return nil
		}
		return err
	}
	// A crash between the row and the start leaves an order without a workflow.
	left, err := store.PendingOrders(ctx)
	shop.Fatal(err)
	for _, o := range left {
		shop.Fatal(start(ctx, o))
	}
	shop.Serve(ctx, cfg.HTTP, shop.Backend{
		Status:   store.Status,
		Terminal: &store.Terminal,
		Accept: func(ctx context.Context, key string, o shop.Order) (id, status string, err error) {
			o.ID = uuid.NewString()
			id, status, err = shop.InsertOrder(ctx, store, key, o)
			if err == nil && status == shop.Pending {
				o.ID = id
				err = start(ctx, o)
			}
			return id, status, err
		},
	}.Handler())
}
