package fault_test

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/internal/app"
	"orderly/internal/cluster"
)

const kills = 4

// killService kills one replica after another, and in the end both at once.
func killService(service string) func(*rig) {
	return func(r *rig) {
		for range kills {
			victim := pick(r.plan, r.Of(service))
			victim.Kill()
			r.sleep(r.plan.between(0, 500*time.Millisecond))
			r.must(victim.Start(r.within()))
			r.sleep(r.plan.between(0, 900*time.Millisecond))
		}
		for _, victim := range r.Of(service) {
			victim.Kill()
		}
		for _, victim := range r.Of(service) {
			r.must(victim.Start(r.within()))
		}
	}
}

// killBroker kills one NATS server after another.
func killBroker(r *rig) {
	for range kills / 2 {
		r.outage(pick(r.plan, r.Brokers).Node, r.plan.between(0, 2*time.Second))
		r.sleep(r.plan.between(time.Second, 2*time.Second))
	}
}

// killLeader kills the server that leads a stream, and the next one.
func killLeader(r *rig) {
	for range kills / 2 {
		stream := pick(r.plan, []string{app.StreamOrders, app.StreamInventory, app.StreamPayments})
		r.outage(r.leader(stream).Node, r.plan.between(2*time.Second, 4*time.Second))
	}
}

// killPostgres ends the database of all services as a failing machine does.
func killPostgres(r *rig) {
	for range kills / 2 {
		r.outage(r.Database.Node, r.plan.between(0, 2*time.Second))
		r.sleep(r.plan.between(0, 2*time.Second))
	}
}

// killBackend kills a process that serves one connection: PostgreSQL then ends
// all connections and recovers, since the memory that they share may be torn.
func killBackend(r *rig) {
	for range kills {
		var backends []int
		r.eventually(func(ctx context.Context) (err error) {
			backends, err = backendsOf(ctx, r.Database.URL)
			return err
		})
		r.must(syscall.Kill(pick(r.plan, backends), syscall.SIGKILL))
		r.sleep(r.plan.between(time.Second, 2*time.Second))
	}
}

// backendsOf are the processes that serve the services.
func backendsOf(ctx context.Context, url string) ([]int, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // all is read
	rows, err := conn.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE usename LIKE 'orderly%' ORDER BY backend_start")
	if err != nil {
		return nil, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err == nil && len(pids) == 0 {
		err = errors.New("no service is connected")
	}
	return pids, err
}

// killAnything kills one process after another, whatever it is.
func killAnything(r *rig) {
	for range 2 * kills {
		r.outage(pick(r.plan, r.Nodes()), r.plan.between(0, time.Second))
		r.sleep(r.plan.between(0, time.Second))
	}
}

// outage kills a process and starts it again after a while.
func (r *rig) outage(victim *cluster.Node, while time.Duration) {
	r.t.Helper()
	r.t.Logf("kill %s for %s", victim.Name, while)
	victim.Kill()
	r.sleep(while)
	r.must(victim.Start(r.within()))
}
