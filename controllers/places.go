package controllers

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// places are how many passes may call the cloud at once: so many for each account, and a
// quarter more where the work is urgent. A pass that finds none gives its worker up, so that
// one account's backlog, or its silence, keeps no other from being worked on.
type places struct {
	perAccount int

	mutex    sync.Mutex
	accounts map[string]*room
	// wake puts an object into the controller's queue; nil before the controller runs.
	wake func(reconcile.Request)
}

// room is one account's places, and who waits for one.
type room struct {
	inside          int
	urgent, waiting line
	// called are those who were called, and when: who is called may not come.
	called map[reconcile.Request]time.Time
}

// errFull is why a pass ends that found no place.
var errFull = errors.New("as many objects of the account as may be are worked on")

const (
	// lookTurn is after how long one that waits for a place, and hasn't looked at its Secret,
	// does so.
	lookTurn = 30 * time.Second
	// lostTurn is after how long one that has looked tries again by itself: it is called long
	// before, and so in a backlog of thousands no Secret is read again and again.
	lostTurn = 2 * time.Minute
)

// comesWithin is how long a place is kept for one who was called.
const comesWithin = time.Second

// workersPerPlace is how many accounts' passes may hang before others wait for a worker.
const workersPerPlace = 4

// source connects the places with the controller's queue.
func (p *places) source() source.Source {
	return source.Func(func(_ context.Context, q queue) error {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.wake = func(request reconcile.Request) { q.Add(request) }
		return nil
	})
}

// enter takes a place, or puts the object in line for one. The account is known by its ID;
// until that is known, by its credentials.
func (p *places) enter(account, credentials string, request reconcile.Request, urgent bool) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	r := p.room(account)
	if former := p.accounts[credentials]; former != nil && former != r {
		r.urgent.join(&former.urgent)
		r.waiting.join(&former.waiting)
	}
	r.forget(request)
	limit, line := p.perAccount, &r.waiting
	if urgent {
		limit, line = p.perAccount+p.perAccount/4, &r.urgent
	}
	if r.inside >= limit {
		line.add(request)
		return false
	}
	r.inside++
	return true
}

func (p *places) room(account string) *room {
	if p.accounts == nil {
		p.accounts = map[string]*room{}
	}
	if p.accounts[account] == nil {
		p.accounts[account] = &room{called: map[reconcile.Request]time.Time{}}
	}
	return p.accounts[account]
}

// queue puts an object that has never been in the cloud in line without a look at its Secret,
// where there is no place anyway. One that is in line already, and comes by itself, has a look:
// so bad input is told of in any case.
func (p *places) queue(account string, request reconcile.Request) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	r := p.accounts[account]
	if r == nil || r.inside < p.perAccount || r.waiting.in[request] || !r.called[request].IsZero() {
		return false
	}
	r.waiting.add(request)
	return true
}

// leave gives a place back, and calls those who are next.
func (p *places) leave(account string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	r, reserve, now := p.accounts[account], p.perAccount/4, time.Now()
	r.inside--
	maps.DeleteFunc(r.called, func(_ reconcile.Request, at time.Time) bool { return now.Sub(at) > comesWithin })
	for free := p.perAccount + reserve - r.inside - len(r.called); free > 0; free-- {
		next, ok := r.next(free > reserve)
		if !ok {
			break
		}
		r.called[next] = now
		p.wake(next)
	}
	if r.inside == 0 && r.urgent.empty() && r.waiting.empty() {
		delete(p.accounts, account)
	}
}

// next takes the first out of line: of those whose work is urgent, else of the others if
// there is a place for them.
func (r *room) next(others bool) (reconcile.Request, bool) {
	if next, ok := r.urgent.pop(); ok || !others {
		return next, ok
	}
	return r.waiting.pop()
}

// forget takes an object out of line: it is here.
func (r *room) forget(request reconcile.Request) {
	delete(r.urgent.in, request)
	delete(r.waiting.in, request)
	delete(r.called, request)
}

// line is who waits, in their order. Who has gone is passed over.
type line struct {
	order []reconcile.Request
	in    map[reconcile.Request]bool
}

func (l *line) empty() bool { return len(l.in) == 0 }

// add puts an object at the end, unless it is in line.
func (l *line) add(request reconcile.Request) {
	if l.in[request] {
		return
	}
	if l.in == nil {
		l.in = map[reconcile.Request]bool{}
	}
	l.in[request] = true
	l.order = append(l.order, request)
}

// join moves another line to the end of this one.
func (l *line) join(other *line) {
	for {
		next, ok := other.pop()
		if !ok {
			return
		}
		l.add(next)
	}
}

// pop takes the first out.
func (l *line) pop() (reconcile.Request, bool) {
	for len(l.order) > 0 {
		next := l.order[0]
		l.order = l.order[1:]
		if l.in[next] {
			delete(l.in, next)
			return next, true
		}
	}
	return reconcile.Request{}, false
}

// visit is one pass's place, taken at its first call.
type visit struct {
	places  *places
	request reconcile.Request
	account string
	entered bool
}

func (p *places) visit(request reconcile.Request) *visit { return &visit{places: p, request: request} }

// enter takes a place for the rest of the pass.
func (v *visit) enter(account, credentials string, urgent bool) error {
	if v.entered {
		return nil
	}
	v.account = cmp.Or(account, credentials)
	if v.entered = v.places.enter(v.account, credentials, v.request, urgent); !v.entered {
		return errFull
	}
	return nil
}

// end gives the place back.
func (v *visit) end() {
	if v.entered {
		v.places.leave(v.account)
	}
}
