//go:build !linux

package postgres

import "syscall"

// attributes adds nothing.
func attributes(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }

func own(*syscall.SysProcAttr, string) error { return nil }
