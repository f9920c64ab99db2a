// Package crash kills the payment service at every step that it takes for an
// order, and has every answer of the gateway meet every such death. The service is
// the real one, on a real broker and database, with the simulated gateway behind
// it: its ledger, which no death touches, is the judge of G2.
//
// A step is what another process, or the same one after a restart, can tell apart:
// a batch is about to be committed, it is committed, a call is about to be made, it
// was made and its answer is on the way, an answer is published. Each story is
// first lived through to its end, which counts its steps, and then once for each
// of them with a death there. What dies neither acknowledges, publishes, commits
// nor calls anything any more; the next life begins on what is left. All of it is
// done on SQLite and on PostgreSQL, neither of which syncs its files here.
//
// Package model asks the same of all services and of every order of events, without
// a broker and databases.
package crash
