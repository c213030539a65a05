package env

import (
	"os/exec"
	"runtime"
	"sync"
)

// startOnLastingThread starts a command from a thread that lasts as long as this
// process: on Linux a child with a death signal gets it when the thread that
// started it ends, and the Go runtime ends threads as it likes.
func startOnLastingThread(cmd *exec.Cmd) error {
	started := make(chan error, 1)
	lastingThread() <- func() { started <- cmd.Start() }
	return <-started
}

var lastingThread = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})
