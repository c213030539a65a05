package env

import "syscall"

// attributes put a program into a process group of its own, away from the
// terminal's Ctrl-C, and end it with this process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
