//go:build !linux

package pgtest

import "syscall"

// attributes adds nothing: only Linux can tie the server's life to this process.
func attributes(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }
