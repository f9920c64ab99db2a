package sqldb_test

import (
	"context"
	"database/sql/driver"
	"errors"
)

// failingCommit is a driver whose every COMMIT fails with err.
type failingCommit struct{ err error }

var _ driver.Connector = failingCommit{}

func (f failingCommit) Connect(context.Context) (driver.Conn, error) { return f, nil }
func (f failingCommit) Driver() driver.Driver                        { return nil }
func (f failingCommit) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (f failingCommit) Close() error                                 { return nil }
func (f failingCommit) Begin() (driver.Tx, error)                    { return f, nil }
func (f failingCommit) Commit() error                                { return f.err }
func (f failingCommit) Rollback() error                              { return nil }
