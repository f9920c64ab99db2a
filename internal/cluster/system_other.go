//go:build !unix

package cluster

import "syscall"

// Signals that this system does not have: sending one is an error.
const (
	signalPause    = syscall.Signal(-1)
	signalContinue = syscall.Signal(-1)
	signalLameDuck = syscall.Signal(-1)

	suffix = ".exe" // of programs
)
