//go:build unix && !linux

package process

import "syscall"

func tie(attr *syscall.SysProcAttr, _ syscall.Signal) { attr.Setpgid = true }
