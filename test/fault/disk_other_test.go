//go:build !linux

package fault_test

import (
	"errors"
	"testing"
)

func mountDisk(*testing.T, string) error { return errors.New("only Linux is known") }

func isDisk(string) bool { return false }
