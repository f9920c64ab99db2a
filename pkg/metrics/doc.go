// Package metrics shows what there is to see of an engine and of a connection to
// Prometheus. Its collectors read figures that are there: a scrape asks neither
// the database nor the broker.
//
//	registry.MustRegister(metrics.NewEngine("order", engine.Stats), metrics.NewConn(conn))
//
// A [Metric] is declared once, as data, and everything that there is to know of it
// follows from that: its series, and its line in a document. No label may hold an
// id, or anything else that a client chooses.
package metrics
