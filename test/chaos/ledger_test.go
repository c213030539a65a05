package chaos

import (
	"strings"
	"sync"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// target is a place where a certificate is served.
type target struct {
	balancer string
	port     int    // 0 for all ports of a Service, which is in the balancer's place
	domain   string // lower-case; "" for the listener's default
}

func targetOf(l *v1alpha1.ListenerTarget) target {
	return target{balancer: l.LoadBalancerID, port: int(l.Port), domain: strings.ToLower(string(l.Domain))}
}

// copyOf is a certificate's content for one object, by its tags.
type copyOf struct{ object, digest string }

// ledger is what people decided, for the witness to judge by. It is always written before
// the deed is done.
type ledger struct {
	mu sync.Mutex
	// decisions are how many uploads of a content for an object people have given reason for.
	decisions map[copyOf]int
	// wanted says who wants a target, wantedSince when it began to be wanted without a pause.
	wanted      map[target]map[string]bool
	wantedSince map[target]time.Time
	// dropped says how often people deleted a target's extension by hand.
	dropped map[target]int
	// mended is when the CCM, or the cloud, was last there again after a while.
	mended time.Time
}

func newLedger() *ledger {
	return &ledger{
		decisions: map[copyOf]int{}, wanted: map[target]map[string]bool{}, wantedSince: map[target]time.Time{},
		dropped: map[target]int{},
	}
}

// decide gives reason for one upload.
func (l *ledger) decide(object, digest string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.decisions[copyOf{object, digest}]++
}

func (l *ledger) decided(c copyOf) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.decisions[c]
}

// want says whether an object wants a target from now on.
func (l *ledger) want(object string, t target, wanted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wanted[t] == nil {
		l.wanted[t] = map[string]bool{}
	}
	before := len(l.wanted[t]) > 0
	if wanted {
		l.wanted[t][object] = true
	} else {
		delete(l.wanted[t], object)
	}
	switch now := len(l.wanted[t]) > 0; {
	case !now:
		delete(l.wantedSince, t)
	case !before:
		l.wantedSince[t] = time.Now()
	}
}

// wantedFor is how long a target has been wanted without a pause; 0 if it isn't. What the CCM
// is to do it does late where it, or the cloud, was away: for a Service's that time begins anew.
func (l *ledger) wantedFor(t target) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, wanted := l.wantedSince[t]
	if !wanted {
		return 0
	}
	if t.port == 0 && l.mended.After(since) {
		since = l.mended
	}
	return time.Since(since)
}

// mend says that the CCM, or the cloud, is there again.
func (l *ledger) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mended = time.Now()
}

// dropByHand says that people are about to delete a target's extension.
func (l *ledger) dropByHand(t target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped[t]++
}

// droppedByHand tells whether people deleted it, once for each time.
func (l *ledger) droppedByHand(t target) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped[t] == 0 {
		return false
	}
	l.dropped[t]--
	return true
}
