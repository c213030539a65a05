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
	views   []*view // newest first
	effects []effect
	forgot  time.Time // when effects were last looked through
	flight  *flight
	used    time.Time
}

// effect is something that this process did and the service acknowledged.
type effect struct {
	at  time.Time     // of the acknowledgement
	lag time.Duration // how long after it a list may not show it
	// apply makes a view what it is after the effect.
	apply func(*view)
}

// reaches tells whether a list begun at began may lack e.
func (e effect) reaches(began time.Time) bool { return began.Before(e.at.Add(e.lag)) }

// did corrects the remembered lists, and those to come that may lag.
func (l *listing) did(e effect) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.views {
		if e.reaches(v.began) {
			e.apply(v)
		}
	}
	l.forget(time.Now())
	l.effects = append(l.effects, e)
}

// add remembers a list that was just read.
func (l *listing) add(began time.Time, certificates []Certificate) {
	l.forget(time.Now())
	var older *view
	if len(l.views) > 0 {
		older = l.views[0]
	}
	v := newView(began, certificates, older)
	for _, e := range l.effects {
		if e.reaches(began) {
			e.apply(v)
		}
	}
	l.thin()
	l.views = slices.Insert(l.views, 0, v)
	l.trim()
}

// forgetEvery keeps a burst of effects from being looked through at each.
const forgetEvery = time.Second

// forget drops effects that every list to come shows by itself.
func (l *listing) forget(now time.Time) {
	if now.Sub(l.forgot) < forgetEvery {
		return
	}
	l.forgot = now
	l.effects = slices.DeleteFunc(l.effects, func(e effect) bool { return now.After(e.at.Add(e.lag + l.settle)) })
}

// parts is how many lists of one window are kept apart.
const parts = 16

// thin drops the newest list when the one before it is nearly as new: with the
// next one there is no question that it alone answers, and the number of lists
// stays bounded.
func (l *listing) thin() {
	if len(l.views) > 1 && l.views[0].began.Sub(l.views[1].began) < l.window/parts {
		l.views = slices.Delete(l.views, 0, 1)
	}
}

// trim keeps the lists that began within the window before the newest, and the
// newest of the older ones: absent from two lists a window apart is absent.
func (l *listing) trim() {
	newest := l.views[0].began
	for i := 1; i < len(l.views); i++ {
		if newest.Sub(l.views[i].began) >= l.window {
			clear(l.views[i+1:])
			l.views = l.views[:i+1]
			return
		}
	}
}

// since gives what is asked for of the remembered lists, if the newest began at or after since.
func (l *listing) since(since time.Time, concern Concern) ([]List, bool) {
	if len(l.views) == 0 || l.views[0].began.Before(since) {
		return nil, false
	}
	lists := make([]List, 0, len(l.views))
	for _, v := range l.views {
		lists = append(lists, v.list(concern))
	}
	return lists, true
}
