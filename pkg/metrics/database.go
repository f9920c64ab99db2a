package metrics

import (
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/pkg/sqldb"
)

var (
	databaseConnections = New(Gauge, "orderly_database_connections",
		"Connections to the database of the service, by pool (write, read) and state (in_use, idle).", "service", "pool", "state")
	databaseWaits = New(Counter, "orderly_database_waits_total",
		"How often somebody had to wait for a connection of the pool.", "service", "pool")
	databaseWaited = New(Counter, "orderly_database_wait_seconds_total",
		"How long that took altogether.", "service", "pool")
)

// DatabaseMetrics lists the metrics of [NewDatabase].
func DatabaseMetrics() []*Metric {
	return []*Metric{databaseConnections, databaseWaits, databaseWaited}
}

// NewDatabase shows the pools of a service's database.
func NewDatabase(service string, db *sqldb.DB) prometheus.Collector {
	return Collector(func(to Sink) {
		write, read := db.Stats()
		sendPool(to, service, "write", write)
		sendPool(to, service, "read", read)
	})
}

func sendPool(to Sink, service, pool string, s sql.DBStats) {
	to.Send(databaseConnections, float64(s.InUse), service, pool, "in_use")
	to.Send(databaseConnections, float64(s.Idle), service, pool, "idle")
	to.Send(databaseWaits, float64(s.WaitCount), service, pool)
	to.Send(databaseWaited, s.WaitDuration.Seconds(), service, pool)
}
