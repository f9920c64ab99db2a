// Package natsbus is the way to a NATS server with JetStream: a connection that
// waits for the server and outlives its restarts, the streams and consumers as
// data, and the server itself inside the process.
//
//   - [Connect] tries for minutes until a server is there; afterwards the
//     connection is restored without end. [Conn.State] tells a health check how
//     it is, [Conn.OnReconnect] lets a program look again at what it relies on.
//   - [Topology.Reconcile] creates the streams and consumers that are missing,
//     and reports what differs instead of changing it.
//   - [StartEmbedded] runs a server on a directory of its own, with or without
//     a listener, and refuses a directory that another process uses.
//
// It publishes and consumes nothing itself: [Conn.JetStream] is the client for
// that. Package natstest starts servers for tests.
package natsbus
