package postgres_test

import (
	"testing"

	"orderly/internal/pgtest"
)

func TestOpen_takes_the_size_of_the_pools_from_the_DSN(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, pgtest.DSN(t)+"&pool_write_conns=3&pool_read_conns=2&pool_max_conn_lifetime=10m&pool_max_conn_idle_time=1m")
	if got := db.Reader().Stats().MaxOpenConnections; got != 2 {
		t.Errorf("at most %d connections read, want 2", got)
	}
}
