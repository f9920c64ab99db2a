package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/internal/cluster"
)

// apart is the system as in production: three services, one replica each, three
// NATS servers and a PostgreSQL.
type apart struct {
	*cluster.Cluster
	users  *users
	orders *pgx.Conn // to the order service's database
}

func startApart(ctx context.Context, s settings) (*apart, error) {
	c, err := cluster.Start(ctx, cluster.Config{Programs: s.programs, Replicas: 1, Settings: func(string) []string {
		return []string{"ORDERLY_LOG_LEVEL=warn", "ORDERLY_ORDER_DEADLINE=" + stillOpen.String()}
	}})
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, c.Database.ServiceURL(cluster.Order))
	if err != nil {
		return nil, errors.Join(err, c.Stop(context.WithoutCancel(ctx)))
	}
	return &apart{Cluster: c, users: connect(c.URL(), 4), orders: conn}, nil
}

func (a *apart) stop(ctx context.Context) error {
	return errors.Join(a.orders.Close(ctx), a.Stop(ctx))
}

// spent is what the system has spent so far.
func (a *apart) spent(ctx context.Context) (spending, error) {
	s := spending{at: time.Now(), cpu: make(map[string]time.Duration)}
	err := a.orders.QueryRow(ctx, `SELECT (SELECT COALESCE(sum(redrives), 0) FROM orders),
		(SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'open_orders')`).Scan(&s.announced, &s.touched)
	if err != nil {
		return s, fmt.Errorf("count announcements: %w", err)
	}
	for part, pids := range a.pids() {
		for _, pid := range pids {
			used, err := cpuOf(pid)
			if err != nil {
				return s, err
			}
			s.cpu[part] += used
		}
	}
	return s, nil
}

// pids are its processes, by part.
func (a *apart) pids() map[string][]int {
	pids := map[string][]int{"postgres": {a.Database.Pid()}}
	for _, r := range a.Replicas {
		pids[r.Service] = append(pids[r.Service], r.Pid())
	}
	for _, b := range a.Brokers {
		pids["nats"] = append(pids["nats"], b.Pid())
	}
	return pids
}
