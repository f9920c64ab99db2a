//go:build !unix

package natsembed

import (
	"errors"
	"os"
)

// LockDir refuses: without a lock two servers could share a directory.
func LockDir(string) (*os.File, error) {
	return nil, errors.New("an embedded server needs a Unix system: connect to a separate one instead")
}
