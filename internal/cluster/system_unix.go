//go:build unix

package cluster

import "syscall"

const (
	signalPause    = syscall.SIGSTOP
	signalContinue = syscall.SIGCONT
	signalLameDuck = syscall.SIGUSR2

	suffix = "" // of programs
)
