package plan

import "time"

// keep looks after the recorded certificate: is it still there, under the name, tags and
// resource group that the spec wants, and does every binding serve it? Then what it
// superseded is cleared up.
func (s State) keep() Step {
	if !s.HasFinalizer && !s.DryRun {
		return AddFinalizer{} // adopted without one, or somebody took it away
	}
	due, since := s.verification()
	if due && !s.looked(since) {
		return Look{Since: since}
	}
	certificate, listed := s.find(s.Status.CertificateID)
	if len(s.Lists) > 0 && !listed || s.Memory.Refused == s.Status.CertificateID {
		return s.giveUp(s.Status.CertificateID)
	}
	if step := s.serve(); step != nil {
		return step
	}
	if step := s.amend(certificate); step != nil && listed {
		return s.surely(step)
	}
	return s.tidy(since)
}

// surely takes a step that changes certificates, on the ground of nothing stale.
func (s State) surely(step Step) Step {
	if !s.Fresh {
		return Confirm{}
	}
	return step
}

// verification tells whether the recorded certificate is due to be compared with a
// list, and how old that list may be. A list shared by all objects of an account is
// asked for twice a resync interval, so that none waits longer than one.
func (s State) verification() (due bool, since time.Time) {
	if s.SyncRequest() != "" {
		return true, s.Now
	}
	since = s.Now.Add(-s.Resync / 2)
	if !s.Memory.VerifyAt.After(s.Now) {
		since = later(since, s.Memory.VerifyAt)
	}
	return s.Memory.Verified.Before(since) || s.Memory.Generation != s.Object.Generation, since
}

// giveUp deals with a certificate that the status names and the newest list lacks.
func (s State) giveUp(id string) Step {
	if s.elsewhere() {
		return Wait{Until: s.Now.Add(max(s.Window, firstDelay))}
	}
	if id == s.Memory.Refused {
		if !s.looked(s.Memory.RefusedAt) {
			return Look{Since: s.Memory.RefusedAt}
		}
		return Forget{ID: id}
	}
	proof := s.absent(s.Memory.Since, byID(id))
	if proof.proven {
		return Forget{ID: id}
	}
	return s.lookAt(proof.next, 0)
}

// elsewhere tells that the credentials may be another account's than the status's: it
// can't be asked whose they are, and they don't see the current certificate.
func (s State) elsewhere() bool {
	_, seen := s.find(s.Recorded.CertificateID)
	return s.AccountID == "" && s.Recorded.AccountID != "" && s.Recorded.CertificateID != "" && !seen
}

// lookAt asks for a list begun at next, once that has come, and waits for it before.
// With poll, no list may be older than that meanwhile.
func (s State) lookAt(next time.Time, poll time.Duration) Step {
	var since time.Time
	until := next
	if poll > 0 {
		since = s.Now.Add(-poll)
		until = earlier(next, s.Now.Add(poll))
	}
	if !next.After(s.Now) {
		since = later(since, next)
	}
	if !since.IsZero() && !s.looked(since) {
		return Look{Since: since}
	}
	return Wait{Until: until}
}

// pollInterval is how often an upload of unknown outcome is looked for: lists lag,
// and the sooner it is found the better.
func (s State) pollInterval() time.Duration { return s.Window / 4 }
