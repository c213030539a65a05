package plan

import (
	"slices"
	"time"
)

// Lists lag: a single one proves no absence. A certificate is absent for good when
// two lists lack it that both began after anything that could have made it, and a
// window apart.

// absence is how far the proof has come.
type absence struct {
	proven bool
	// next is when the next list can bring the proof nearer.
	next time.Time
}

// absent weighs the lists for a certificate that matches, which nothing can have
// made after `after`.
func (s State) absent(after time.Time, matches func(Certificate) bool) absence {
	var newest, oldest time.Time
	for _, list := range s.Lists { // newest first
		if list.Began.Before(after) || slices.ContainsFunc(list.Certificates, matches) {
			break
		}
		if newest.IsZero() {
			newest = list.Began
		}
		oldest = list.Began
	}
	switch {
	case newest.IsZero():
		return absence{next: later(after, s.Now)}
	case newest.Sub(oldest) >= s.Window:
		return absence{proven: true}
	default:
		return absence{next: oldest.Add(s.Window)}
	}
}

// looked tells whether the newest list began at or after t.
func (s State) looked(t time.Time) bool {
	return len(s.Lists) > 0 && !s.Lists[0].Began.Before(t)
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// byID matches one certificate.
func byID(id string) func(Certificate) bool {
	return func(c Certificate) bool { return c.ID == id }
}
