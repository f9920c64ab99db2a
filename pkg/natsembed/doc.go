// Package natsembed runs a NATS server with JetStream inside the process: on a
// directory of its own, with or without a listener. A directory that another
// process uses is refused, which the server itself would not do.
//
// It is apart from package natsbus so that a program which only connects does
// not link a server.
package natsembed
