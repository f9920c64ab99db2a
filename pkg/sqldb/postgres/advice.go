package postgres

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// connectError is why a database could not be opened, on one line, and what to
// do about it.
type connectError struct {
	cause  error
	advice string
}

func (e *connectError) Error() string {
	text := e.cause.Error()
	var connect *pgconn.ConnectError
	if errors.As(e.cause, &connect) {
		text = connect.Error()
	}
	return oneLine(text) + ": " + e.advice
}

func (e *connectError) Unwrap() error { return e.cause }

// advised adds what to do to the error of a first connection.
func advised(err error) error {
	if advice := adviceFor(err); advice != "" {
		return &connectError{cause: err, advice: advice}
	}
	return err
}

func adviceFor(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return adviceOnAnswer(answer)
	}
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var lookup *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &authority):
		return "the server's certificate is signed by nobody known here: add sslrootcert=FILE with its authority to the DSN"
	case errors.As(err, &name):
		return "the server's certificate is for another name: connect by a name that it has, or use sslmode=verify-ca"
	case errors.As(err, &record), strings.Contains(err.Error(), "refused TLS"):
		return "the server does not speak TLS here: switch its ssl on, or use sslmode=disable where the network is trusted"
	case errors.As(err, &lookup):
		return "look at the host in the DSN"
	case strings.Contains(err.Error(), "ValidateConnect"):
		return "no server of the DSN is now what its target_session_attrs asks for: is there a primary among its hosts?"
	case errors.As(err, &network):
		return "is the server up? look at host and port in the DSN"
	}
	return ""
}

func adviceOnAnswer(answer *pgconn.PgError) string {
	switch answer.Code {
	case "28P01", "28000":
		return "look at user and password in the DSN, and at the server's pg_hba.conf"
	case "3D000":
		return "look at the database's name in the DSN, or make the database: CREATE DATABASE … OWNER …"
	case "42501":
		return "GRANT the role of the DSN what it lacks"
	case "42704":
		return "the DSN has a parameter that neither this program nor the server knows"
	case "53300", "53400":
		return "the server has no connection left: raise max_connections, or lower pool_write_conns and pool_read_conns in the DSN"
	case "57P03":
		return "the server is starting, stopping or recovering: try again when it is up"
	case "08P01":
		if strings.Contains(answer.Message, "startup parameter") {
			return errPooler.Error()
		}
	}
	return ""
}

// oneLine puts what pgx says about each address on one line, once.
func oneLine(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if len(lines) == 0 || lines[len(lines)-1] != line {
			lines = append(lines, line)
		}
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return lines[0] + " " + strings.Join(lines[1:], "; ")
}
