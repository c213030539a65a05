package clb

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

// Front is a load balancer with its listeners, as read from when Began on.
type Front struct {
	Began time.Time
	// Found says that the load balancer exists in the region; all else is empty without.
	Found bool
	LoadBalancer
	// Defaults are the default certificates of the HTTPS listeners, by port.
	Defaults map[int32]string
}

// surface is what is remembered of one region's load balancers: of those that
// somebody asked for. What is older than a caller allows is read again, and with
// it what others will ask for next: so keeping an eye on many listeners costs
// calls by the load balancer, ten to a call, and not by the asker.
type surface struct {
	turn chan struct{} // capacity 1: held by who refreshes what is due

	mu        sync.Mutex
	fronts    map[string]Front
	listeners map[place]seenListener
	used      map[string]time.Time
	next      *sharedLook // nil: none is about to leave
	failure   error       // the last one, and when it was told
	failed    time.Time
}

type place struct {
	id   string
	port int32
}

type seenListener struct {
	began    time.Time
	listener Listener
}

const (
	// unusedAfter is how long a load balancer is remembered that nobody asks for.
	unusedAfter = 2 * time.Hour
	// recent is the age below which a caller wants no memory, and does nobody's turn.
	recent = time.Second
)

func newSurface() *surface {
	return &surface{
		turn: make(chan struct{}, 1), fronts: map[string]Front{}, listeners: map[place]seenListener{}, used: map[string]time.Time{},
	}
}

// Fronts gives the load balancers by ID, each as read at or after since, which isn't later
// than now; one that doesn't exist isn't Found. The listeners come with their default certificates.
func (a *Account) Fronts(ctx context.Context, region string, ids []string, since time.Time) (map[string]Front, error) {
	if slices.Contains(ids, "") {
		return nil, missing("DescribeLoadBalancers", "LoadBalancerId")
	}
	s := a.surface(region)
	fresh := time.Since(since) <= recent
	if !fresh { // who looks now and then takes turns, and reads for others, too
		asked := time.Now()
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		case <-ctx.Done():
			return nil, cancelled(actionLoadBalancers)
		}
		if err := s.failedSince(asked); err != nil {
			return nil, err // what failed meanwhile would fail each who waits, one after the other
		}
	}
	known, stale := s.known(ids, since)
	if len(stale) == 0 {
		return known, nil
	}
	if fresh {
		read, err := a.lookNow(ctx, region, s, stale)
		maps.Copy(known, read)
		return known, err
	}
	if err := a.refresh(ctx, region, s, stale, since); err != nil {
		return nil, err
	}
	known, _ = s.known(ids, time.Time{})
	return known, nil
}

// refresh reads load balancers anew, and others that are due with them: one of those that
// can't be read is no reason to read none.
func (a *Account) refresh(ctx context.Context, region string, s *surface, stale []string, since time.Time) error {
	all := s.fill(slices.Clone(stale), since)
	for chunk := range slices.Chunk(all, maxAsked) {
		read, err := a.fronts(ctx, region, chunk)
		asked := slices.DeleteFunc(slices.Clone(chunk), func(id string) bool { return !slices.Contains(stale, id) })
		if err != nil && len(asked) > 0 && len(asked) < len(chunk) && ctx.Err() == nil {
			read, err = a.fronts(ctx, region, asked)
		}
		if err != nil {
			s.fail(err)
			return err
		}
		s.put(read)
	}
	return nil
}

// ListenerSince is Listener, remembered if it was read at or after since, and when it was.
func (a *Account) ListenerSince(ctx context.Context, region, id string, port int32, since time.Time) (Listener, time.Time, error) {
	s := a.surface(region)
	if found, ok := s.listener(id, port, since); ok {
		return found.listener, found.began, nil
	}
	began := time.Now()
	listener, err := a.Listener(ctx, region, id, port)
	if err != nil {
		return Listener{}, began, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[place{id, port}] = seenListener{began, listener}
	return listener, began, nil
}

// surface gives what is remembered of region's load balancers.
func (a *Account) surface(region string) *surface {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.surfaces[region]
	if !ok {
		found = newSurface()
		a.surfaces[region] = found
	}
	return found
}

// fronts reads at most maxAsked load balancers: what they are, then their listeners.
func (a *Account) fronts(ctx context.Context, region string, ids []string) (map[string]Front, error) {
	began := time.Now()
	found, err := a.loadBalancers(ctx, region, func(r *slb.DescribeLoadBalancersRequest) { r.LoadBalancerId = strings.Join(ids, ",") })
	if err != nil {
		return nil, err
	}
	read := make(map[string]Front, len(ids))
	existing := make([]string, 0, len(ids))
	for _, id := range ids {
		read[id] = Front{Began: began}
		if i := slices.IndexFunc(found, func(b LoadBalancer) bool { return b.ID == id }); i >= 0 {
			read[id] = Front{Began: began, Found: true, LoadBalancer: found[i], Defaults: map[int32]string{}}
			existing = append(existing, id)
		}
	}
	if len(existing) == 0 {
		return read, nil
	}
	rows, err := a.listeners(ctx, region, existing, "")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		front := read[row.LoadBalancerID]
		front.Listeners = append(front.Listeners, row.ListenerPort)
		if row.Protocol == protocolHTTPS {
			front.Defaults[row.Port] = row.certificateID
		}
		read[row.LoadBalancerID] = front
	}
	return read, nil
}

// known gives those of the load balancers that were read at or after since, and the rest.
func (s *surface) known(ids []string, since time.Time) (known map[string]Front, stale []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known = make(map[string]Front, len(ids))
	for _, id := range ids {
		s.used[id] = time.Now()
		front, ok := s.fronts[id]
		if !ok || front.Began.Before(since) {
			stale = append(stale, id)
			continue
		}
		known[id] = front
	}
	slices.Sort(stale)
	return known, slices.Compact(stale)
}

// fill completes the last call's load balancers with others that are due as well.
func (s *surface) fill(ids []string, since time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for id, used := range s.used {
		if now.Sub(used) > unusedAfter {
			s.forget(id)
		}
	}
	for id, front := range s.fronts {
		if len(ids)%maxAsked == 0 {
			break
		}
		if front.Began.Before(since) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// forget drops a load balancer with its listeners.
func (s *surface) forget(id string) {
	delete(s.used, id)
	delete(s.fronts, id)
	for at := range s.listeners {
		if at.id == id {
			delete(s.listeners, at)
		}
	}
}

func (s *surface) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure, s.failed = err, time.Now()
}

// failedSince is the failure that was told after somebody began to wait.
func (s *surface) failedSince(asked time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed.After(asked) {
		return s.failure
	}
	return nil
}

func (s *surface) put(read map[string]Front) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, front := range read {
		if known, ok := s.fronts[id]; !ok || known.Began.Before(front.Began) {
			s.fronts[id] = front
		}
	}
}

func (s *surface) listener(id string, port int32, since time.Time) (seenListener, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[id] = time.Now()
	found, ok := s.listeners[place{id, port}]
	return found, ok && !found.began.Before(since)
}
