// Package chaos plays a bad day on the real parts: two managers with leader election are
// killed, paused and stopped at any moment, on a real API server and a simulator that fail
// and restart too, with a stand-in for the cloud controller manager that is slow and down at
// times, while people renew, roll back, delete and change things by hand. What
// must hold is read from the simulator's own journal, change by change, and never from the
// product. A seed decides all choices.
package chaos

import (
	"flag"
	"os"
	"testing"
	"time"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/test/env"
)

var (
	seed     = flag.Uint64("seed", 1, "what all choices come from")
	duration = flag.Duration("duration", 20*time.Second, "how long the bad day is")
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}
