//go:build !unix

package process

import "syscall"

func tie(*syscall.SysProcAttr, syscall.Signal) {}
