// Package cluster runs the system as in production, on one machine: three NATS
// servers that replicate every stream and sync it to disk before they
// acknowledge, a PostgreSQL with a role and a database for each service, several
// replicas of each service as processes of their own, and a front door that
// sends each request to a replica that answers.
//
// All of it listens on 127.0.0.1, keeps what it has below one directory, and
// ends with the process that started it: on Linux even if that is killed.
//
// Its parts can be made to fail: every process can be killed, paused and
// started again ([Node]), a broker's store can be wiped ([Broker]), the wires
// between services and brokers can be cut ([Link]). The command "orderly cluster"
// and the fault tests use the same cluster.
package cluster
