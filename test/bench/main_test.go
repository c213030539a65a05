// Package bench measures how fast and how frugal the built manager is, on a real API
// server with etcd and the simulator, each in a process of its own: first syncs, renewals,
// restarts, memory, idling, and what a plain loop without a controller reaches with the
// same calls. "make bench" writes the figures as a table and as JSON. What can be counted
// exactly is checked by the tests, on a smaller scale and without a clock.
package bench

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/test/env"
)

var (
	chosenSizes = flag.String("sizes", "", "`numbers` of objects, separated by commas (default: each benchmark's own)")
	results     = flag.String("results", "", "`folder` for the figures")
	commit      = flag.String("commit", "", "the `commit` that is measured, for the figures' heading")
	idlePeriod  = flag.Duration("idle", time.Minute, "how long an idle manager is watched")
	latency     = flag.Duration("latency", 50*time.Millisecond, "of each call to the cloud")
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	code := env.Run(m)
	if err := figures.write(*results); err != nil {
		fmt.Fprintln(os.Stderr, "writing the figures:", err)
		code = 1
	}
	os.Exit(code)
}

// sizes are the numbers of objects to measure with.
func sizes(tb testing.TB, usual ...int) []int {
	tb.Helper()
	if *chosenSizes == "" {
		return usual
	}
	var chosen []int
	for text := range strings.SplitSeq(*chosenSizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			tb.Fatalf("-sizes: %q is no number of objects", text)
		}
		chosen = append(chosen, n)
	}
	return chosen
}

// each runs a benchmark once for each size.
func each(b *testing.B, usual []int, measure func(b *testing.B, n int)) {
	b.Helper()
	for _, n := range sizes(b, usual...) {
		b.Run(strconv.Itoa(n), func(b *testing.B) { once(b, func() { measure(b, n) }) })
	}
}

// once measures what takes its time by itself: Go's own time for an operation says nothing.
func once(b *testing.B, measure func()) {
	b.Helper()
	measure()
	b.ReportMetric(0, "ns/op")
}
