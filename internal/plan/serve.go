package plan

import (
	"slices"
	"time"
)

// serve has every binding serve the current certificate: look, write what differs, and look
// again. What can't be served is told, and keeps nothing else. A certificate that isn't valid
// now helps nobody.
func (s State) serve() Step {
	if s.validity() != nil {
		return s.unbind()
	}
	return s.attend(s.everywhere())
}

// unbind clears away what was taken out of the spec: that needs no valid certificate.
func (s State) unbind() Step { return s.attend(s.left()) }

// attend does what there is to do for some bindings.
func (s State) attend(bindings []binding) Step {
	for _, some := range [][]Want{s.unseenOf(bindings), s.changed(bindings)} {
		if len(some) > 0 {
			return Survey{Wants: some}
		}
	}
	for _, b := range inTurn(bindings) {
		if step := s.work(b); step != nil {
			return step
		}
	}
	if wants := s.unverified(bindings); len(wants) > 0 {
		return Survey{Wants: wants}
	}
	return nil
}

// inTurn puts the domains of Services first: while annotation and cloud differ in one, the CCM
// would fail at the default certificate, too.
func inTurn(bindings []binding) []binding {
	ordered := slices.Clone(bindings)
	slices.SortStableFunc(ordered, func(a, b binding) int {
		rank := func(b binding) int {
			if b.Service != nil && b.domain() != "" {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
	return ordered
}

// unseenBindings are all those to be looked at first in this pass.
func (s State) unseenBindings() []Want { return s.unseenOf(s.everywhere()) }

// unseenOf are those of the bindings that weren't looked at in this pass.
func (s State) unseenOf(bindings []binding) []Want {
	var wants []Want
	for _, b := range bindings {
		if _, seen := s.Sights[b.key()]; !seen {
			wants = append(wants, Want{b, s.sightSince(b)})
		}
	}
	return wants
}

// sightSince is how old the first look at a binding may be: what is in order, or waits its
// time, costs no call of its own; what is about to be written is looked at now.
func (s State) sightSince(b binding) time.Time {
	entry, attempt := s.entry(b), s.Memory.Attempts[b.key()]
	ready := entry.Ready && entry.CertificateID == s.Status.CertificateID && !b.Left
	waits := attempt.Failures > 0 && s.Now.Before(attempt.RetryAt)
	switch {
	case s.SyncRequest() != "":
		return s.Now
	case ready || waits:
		return s.Now.Add(-s.Resync / 2)
	case attempt.Failures > 0 && attempt.Failed == nil:
		// Shared with others that wait, but newer than the last; who writes looks again.
		return later(s.Now.Add(-sharedLook), attempt.Looked.Add(time.Nanosecond))
	default:
		return s.Now
	}
}

// sharedLook is how old a look may be at what is waited for.
const sharedLook = 2 * time.Second

// changed are the bindings that wait for something, and whose Service, or whatever else they
// depend on, has changed since: the wait may be over.
func (s State) changed(bindings []binding) []Want {
	var wants []Want
	for _, b := range bindings {
		attempt := s.Memory.Attempts[b.key()]
		if attempt.Failures > 0 && attempt.For != s.attemptFor(b) && s.Sights[b.key()].Began.Before(s.Now) {
			wants = append(wants, Want{b, s.Now})
		}
	}
	return wants
}

// unverified are the bindings that were written in this pass and not looked at since.
func (s State) unverified(bindings []binding) []Want {
	var wants []Want
	var last time.Time
	for _, b := range bindings {
		if at, written := s.Written[b.key()]; written && s.Sights[b.key()].Began.Before(at) {
			wants, last = append(wants, Want{b, at}), later(last, at)
		}
	}
	for i := range wants {
		wants[i].Since = last // one look for all
	}
	return wants
}

// work is the next step for one binding, nil where there is none now.
func (s State) work(b binding) Step {
	step := s.assess(b).step
	if step == nil || s.resting(b) != nil || s.HeldAt[b.key()] != "" {
		return nil
	}
	sight := s.Sights[b.key()]
	at, written := s.Written[b.key()]
	switch step.(type) {
	case Leave, Look:
		return step
	}
	switch {
	case written && !sight.Began.Before(at):
		return nil // it was written, and something else is there: not again in this pass
	case !written && sight.Began.Before(s.Now):
		return Survey{Wants: []Want{{b, s.Now}}} // writes rely on nothing remembered
	default:
		return s.surely(step)
	}
}

// assess judges a binding, of the spec or taken out of it.
func (s State) assess(b binding) judgment {
	if b.Left {
		return s.judgeLeft(b)
	}
	return s.judge(b)
}

// servedIDs are the certificates that the bindings' listeners were seen to serve.
func (s State) servedIDs() map[string]string {
	served := map[string]string{}
	for _, b := range s.everywhere() {
		sight := s.Sights[b.key()]
		for _, port := range b.ports(sight) {
			l, _ := sight.LoadBalancer.listener(port)
			if id := l.serves(b.domain()); id != "" {
				served[id] = b.place(sight, port)
			}
		}
	}
	return served
}
