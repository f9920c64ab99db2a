// Package sqldb gives a service its database: database/sql on SQLite and on
// PostgreSQL with one code path for the caller.
//
// A [DB] has one pool that writes and one that reads. Everything that changes
// data goes through [DB.InTx], whose function gets a [Tx]: it queues statements
// and sends them together, so that a transaction costs as many round trips as it
// has to wait for answers, and one for the COMMIT. [DB.InReadTx] reads from a
// consistent snapshot; [DB.Reader] is for single queries.
//
// [Tx.Insert], [Tx.Update] and [Tx.Delete] each queue one statement, whatever
// the number of rows, and their text does not depend on that number either, so
// that a batch costs a constant number of statements, which stay prepared.
// [DB.In] and [DB.Lock] are the two fragments that hand-written queries need to
// run on both databases; placeholders are $1, $2 … on both.
//
// A [Time] column is a bigint of Unix microseconds and a [UUID] is text in
// canonical form, so that values sort and scan alike on both.
//
// [DB.Retryable] tells errors that say nothing about the input, such as a lost
// connection, from errors that the input caused. [DB.Migrate] brings the schema
// to the version of the build.
//
// The package links no driver. Open a database with package sqlite or package
// postgres below this one.
package sqldb
