//go:build !unix

package natsembed

import (
	"errors"
	"os"
)

// lockDir refuses: without a lock two servers could share a directory.
func lockDir(string) (*os.File, error) {
	return nil, errors.New("an embedded server needs a Unix system: connect to a separate one instead")
}
