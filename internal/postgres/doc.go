// Package postgres knows how to run a private PostgreSQL from the binaries that
// are installed: where they lie, how a data directory is made, which command
// starts the server. Who runs it keeps the process; package pgtest and package
// cluster do.
package postgres
