package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// DB is one service's database: one pool that writes, one that reads. It is
// safe for concurrent use. Make one with sqlite.Open or postgres.Open.
type DB struct {
	write, read *sql.DB
	dialect     Dialect
}

// New puts a DB together from two pools on the same database; driver packages
// call it. The DB owns the pools and closes them.
func New(write, read *sql.DB, d Dialect) *DB {
	return &DB{write: write, read: read, dialect: d}
}

// Reader returns the pool for queries that stand alone. Do not write with it
// and do not close it.
func (db *DB) Reader() *sql.DB { return db.read }

// Stats returns how the pools are doing. It asks nobody.
func (db *DB) Stats() (write, read sql.DBStats) { return db.write.Stats(), db.read.Stats() }

// Dialect returns what is special about the database.
func (db *DB) Dialect() Dialect { return db.dialect }

// InTx runs fn in one write transaction and commits it if fn returns nil;
// otherwise it rolls back and returns fn's error as it is. A panic of fn rolls
// back and goes on. fn runs at most once: when [DB.Retryable] says so, call
// InTx again.
//
// On PostgreSQL the isolation level is READ COMMITTED: lock what you are going
// to change ([DB.Lock]). On SQLite write transactions run one after the other.
func (db *DB) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin write transaction: %w", err)
	}
	defer func() { _ = conn.Close() }() // it goes back to the pool
	inner, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin write transaction: %w", err)
	}
	// After Commit, and after a connection is lost, there is nothing left to
	// roll back, so that its error has nothing to tell.
	defer func() { _ = inner.Rollback() }()

	tx := &Tx{db: db, conn: conn, sql: inner}
	if err := fn(tx); err != nil {
		return err
	}
	committed, err := tx.finish(ctx)
	if err != nil {
		return err
	}
	err = inner.Commit()
	if committed { // this one only gives the connection back, perhaps too late for ctx
		return nil
	}
	if errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("commit: the function or its context had ended the transaction: %w", err)
	}
	return UnknownCommit(err)
}

// InReadTx runs fn in a transaction that only reads and that sees one snapshot
// of the data from its first query to its last. It returns fn's error as it is.
func (db *DB) InReadTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	tx, err := db.read.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin read transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(tx)
}

// Ping reports whether both pools reach the database and can read it. It waits
// for the write transaction in hand where there is room for one only.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.probe(ctx, db.write); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	if err := db.probe(ctx, db.read); err != nil {
		return fmt.Errorf("ping database for reading: %w", err)
	}
	return nil
}

// probe asks with a query, because a driver's own ping may do without the
// database.
func (db *DB) probe(ctx context.Context, pool *sql.DB) error {
	var n int
	return pool.QueryRowContext(ctx, db.dialect.Probe).Scan(&n)
}

// Close waits for the queries in hand and closes both pools. A second call does
// nothing.
func (db *DB) Close() error {
	// SQLite folds its log into the file when the last connection goes, which
	// must be one that may write.
	return errors.Join(db.read.Close(), db.write.Close())
}
