package natsbus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/nats-io/nats.go"
)

// refused tells the errors of a connect that waiting does not cure, and adds what
// a person can do about them; nil means that the error may pass.
func refused(err error) error {
	switch {
	case unreadable(err):
		return errURL
	case isAny(err, nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired, nats.ErrNkeysNotSupported):
		return fmt.Errorf("the server refuses who connects: check the user and password in the URL, or the credentials file: %w", err)
	case isAny(err, nats.ErrSecureConnRequired, nats.ErrSecureConnWanted), isTLS(err):
		return fmt.Errorf("TLS does not come about: check the URL's scheme, and the certificates of both sides: %w", err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("a file of the credentials cannot be read: %w", err)
	}
	return nil
}

// unreadable says that an address cannot be parsed, and not why: that would
// quote its password.
func unreadable(err error) bool {
	_, ok := errors.AsType[*url.Error](err)
	return ok
}

func isAny(err error, of ...error) bool {
	for _, e := range of {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	return errors.As(err, &certificate) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &record)
}
