package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"orderly/pkg/sqldb"
)

func fault(err error) sqldb.Fault {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return sqldb.Passing
	}
	var answer *pgconn.PgError
	switch {
	case errors.As(err, &answer) && answer.Code == uniqueViolation:
		return sqldb.Conflict
	case answer != nil && passing(answer):
		return sqldb.Passing
	case answer != nil:
		return sqldb.Lasting
	case errors.Is(err, pgx.ErrTxCommitRollback):
		// The function let a failed statement pass, and the server refused.
		return sqldb.Lasting
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqldb.NotDatabase
	case lost(err):
		return sqldb.Passing
	}
	return sqldb.NotDatabase
}

const uniqueViolation = "23505"

// lost reports whether err is about the connection, not about what was sent.
func lost(err error) bool {
	var network net.Error
	return errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF)
}

// passing reports whether the server's answer says nothing about the input.
func passing(e *pgconn.PgError) bool {
	switch e.Code {
	case "40001", "40P01", // serialization_failure, deadlock_detected
		"55P03", "57014", // lock_not_available, query_canceled: the operator's time limits
		readOnly, "25P03", // a standby; the limit on idle transactions
		"26000", // a prepared statement that a pooler or a DISCARD took away
		"42501": // insufficient_privilege: a GRANT is missing
		return true
	case "0A000": // a newer build has changed the table under a prepared statement
		return strings.Contains(e.Message, "cached plan")
	}
	for _, class := range []string{
		"08", "53", "58", // connection, resources, the machine
		"57P", // shutdown, crash, start
	} {
		if strings.HasPrefix(e.Code, class) {
			return true
		}
	}
	return false
}
