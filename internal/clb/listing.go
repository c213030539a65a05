package clb

import (
	"slices"
	"sync"
	"time"
)

// listing is what is remembered of one region's certificates: some lists, and
// what this process did to them since.
type listing struct {
	window time.Duration
	// settle is how long after an effect's lag a list that began before its
	// end may still come in.
	settle time.Duration

	mu      sync.Mutex
	lists   []List // newest first
	effects []effect
	flight  *flight
	used    time.Time
}

// effect is something that this process did and the service acknowledged.
type effect struct {
	at  time.Time     // of the acknowledgement
	lag time.Duration // how long after it a list may not show it
	// apply gives the list as it is after the effect, without changing its argument.
	apply func([]Certificate) []Certificate
}

// reaches tells whether a list begun at began may lack e.
func (e effect) reaches(began time.Time) bool { return began.Before(e.at.Add(e.lag)) }

// did corrects the remembered lists, and those to come that may lag.
func (l *listing) did(e effect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.lists {
		if e.reaches(l.lists[i].Began) {
			l.lists[i].Certificates = e.apply(l.lists[i].Certificates)
		}
	}
	l.forget(time.Now())
	l.effects = append(l.effects, e)
}

// add remembers a list that was just read.
func (l *listing) add(list List) {
	l.forget(time.Now())
	for _, e := range l.effects {
		if e.reaches(list.Began) {
			list.Certificates = e.apply(list.Certificates)
		}
	}
	l.thin()
	l.lists = slices.Insert(l.lists, 0, list)
	l.trim()
}

// forget drops effects that every list to come shows by itself.
func (l *listing) forget(now time.Time) {
	l.effects = slices.DeleteFunc(l.effects, func(e effect) bool { return now.After(e.at.Add(e.lag + l.settle)) })
}

// parts is how many lists of one window are kept apart.
const parts = 16

// thin drops the newest list when the one before it is nearly as new: with the
// next one there is no question that it alone answers, and the number of lists
// stays bounded.
func (l *listing) thin() {
	if len(l.lists) > 1 && l.lists[0].Began.Sub(l.lists[1].Began) < l.window/parts {
		l.lists = slices.Delete(l.lists, 0, 1)
	}
}

// trim keeps the lists that began within the window before the newest, and the
// newest of the older ones: absent from two lists a window apart is absent.
func (l *listing) trim() {
	newest := l.lists[0].Began
	for i := 1; i < len(l.lists); i++ {
		if newest.Sub(l.lists[i].Began) >= l.window {
			clear(l.lists[i+1:])
			l.lists = l.lists[:i+1]
			return
		}
	}
}

// since gives the remembered lists, if the newest began at or after since.
func (l *listing) since(since time.Time) ([]List, bool) {
	if len(l.lists) == 0 || l.lists[0].Began.Before(since) {
		return nil, false
	}
	return slices.Clone(l.lists), true
}
