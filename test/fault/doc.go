// Package fault breaks a cluster under load and proves that the promises hold.
//
// Each scenario has a cluster of its own, as in production: three NATS servers,
// PostgreSQL, two replicas of each service, all processes (package cluster).
// Customers place orders through the front door, at a bounded rate; one in
// twenty is declined, one product runs out. Each asks again under the same
// Idempotency-Key until it is answered. Then something breaks. When it is mended
// and the customers have gone, these must hold:
//
//   - every order that was answered 202 has ended (G1);
//   - each key has made one order, and no order is there without a key (G4);
//   - the audit of orders, stock, charges, the gateway's books and the streams
//     is clean (G1 to G5), and no order is open;
//   - no process has ended that nobody stopped.
//
// What breaks:
//
//	kill-order, kill-inventory, kill-payment   SIGKILL of replicas, in the end of both at once
//	kill-broker, kill-leader                   SIGKILL of a NATS server; of the leader of a stream
//	kill-postgres, kill-backend                SIGKILL of PostgreSQL; of one of its backends
//	kill-anything                              SIGKILL of one process after another
//	gateway-away, gateway-slow, gateway-deaf   the payment gateway is away for 20 s, takes 1 to 3 s, loses
//	                                           three answers of ten, while replicas of its caller are
//	                                           killed: no attempt is counted for that
//	pause-service, pause-leader                SIGSTOP for longer than AckWait
//	cut-replica, cut-service, cut-broker       the wires between services and NATS fall silent
//	cut-sending, cut-hearing                   the same in one direction only
//	clock-jump                                 the clocks of replicas jump by minutes, both ways
//	full-disk                                  the NATS servers' disks are full
//	wipe-stream, wipe-brokers                  the broker lies: what it acknowledged is gone
//	rolling-services                           every replica restarts in turn: no request fails,
//	                                           nothing is delivered again (G8)
//	rolling-brokers                            every NATS server restarts in turn
//	rolling-upgrade                            every replica goes to another build in turn, readers to
//	                                           another version of an event, and all of it back (G7)
//
// `make test-faults` runs all; ORDERLY_FAULT_SEED repeats a plan: what is broken,
// in which order and after how long. How the processes interleave is not
// repeatable. `make test-upgrade OLD=revision` has the programs of that revision on
// the older side of rolling-upgrade; without it that is today's build with version 2
// of orders.created switched off. `go test` alone starts one cluster, places orders and stops it.
package fault
