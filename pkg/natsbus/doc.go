// Package natsbus is the way to a NATS server with JetStream: a connection that
// waits for the server and outlives its restarts, and the streams and consumers
// as data.
//
//   - [Connect] tries for minutes until a server is there; afterwards the
//     connection is restored without end. [Conn.State] tells a health check how
//     it is, [Conn.OnReconnect] lets a program look again at what it relies on.
//   - [Topology.Reconcile] creates the streams and consumers that are missing,
//     and reports what differs instead of changing it.
//
// It publishes and consumes nothing itself: [Conn.JetStream] is the client for
// that. Package natsembed runs a server inside the process, package natstest
// starts one for tests.
package natsbus
