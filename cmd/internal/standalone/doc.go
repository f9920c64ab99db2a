// Package standalone runs one service as a process of its own, against a NATS
// server and a PostgreSQL database elsewhere.
package standalone
