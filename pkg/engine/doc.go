// Package engine runs a service's decisions in batches: events from JetStream,
// commands from HTTP and what the clock has to say go through one loop that
// commits once for all that arrived while the batch before was committing.
//
//	fetch → decode, validate → one transaction → publish, await PubAcks → acknowledge
//
//	one transaction:  Load    the touched rows by key, in key order, locked
//	                  Decide  input by input, in memory
//	                  check   outputs are encoded, validated and measured now
//	                  Save    what changed, set-based, in key order
//
// A batch costs a constant number of statements and one fsync, whatever its
// size. An event is acknowledged only after all that it led to has its PubAck;
// a crash in between means that it comes again and gets the same answer. A
// command is answered after the commit.
//
// What a service decides is a [Decider]. Its state machine must be idempotent:
// then it needs no inbox. [Handlers] turns plain functions, which have no such
// machine, into a Decider with an inbox.
//
// A decision may ask for a [Call] to the outside world. The transaction that
// holds the decision commits first, then the call is made outside any
// transaction, beside others, and its outcome is a new input. A
// [orderly/pkg/breaker.Breaker] may stand before the calls: while the other side is
// away they wait, and what leads to calls stays in its stream.
//
// What is committed is published as it is, however long the broker is away; a
// few batches may wait for that, then the engine takes in no more.
//
// An error of the database that says nothing about the inputs (a lost
// connection, a deadlock, a missing grant, an unknown COMMIT) makes the whole
// batch run again from its first statement, for as long as it lasts. An input
// that fails by itself is tried again a bounded number of times and then becomes
// a dead letter; the rest goes on. The same befalls an input whose unique key
// stays taken, or whose transaction, even if it is alone in it, does not end in
// a database that works. An event of a version that is newer than those the
// Registry knows is no failure: it waits for the program's next version, and when
// as many wait as may be in hand, their consumer's intake stops. A dead letter that comes again is decided again, for it
// may have been mended; if it was not, nothing is counted and no second letter
// made. [Engine.DeadLetters] lists the letters, and replays, rehearses or discards
// them for an operator.
package engine
