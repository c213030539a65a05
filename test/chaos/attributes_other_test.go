//go:build !linux

package chaos

import "syscall"

// attributes put a manager into a process group of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
