package ccm

import (
	"context"
	"sync"
)

// passes are those over each Service: how they ended, and who waits for one.
type passes struct {
	mu     sync.Mutex
	byName map[string]*history
}

type history struct {
	all, failed int
	waiting     []chan error
}

// of gives a Service's history. The mutex is held.
func (p *passes) of(service string) *history {
	if p.byName == nil {
		p.byName = map[string]*history{}
	}
	if p.byName[service] == nil {
		p.byName[service] = &history{}
	}
	return p.byName[service]
}

// await gives the outcome of the next pass that begins.
func (p *passes) await(service string) <-chan error {
	outcome := make(chan error, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.of(service)
	h.waiting = append(h.waiting, outcome)
	return outcome
}

// begin begins a pass; what it gives ends it.
func (p *passes) begin(service string) (end func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.of(service)
	waiting := h.waiting
	h.waiting = nil
	return func(err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		h.all++
		if err != nil {
			h.failed++
		}
		for _, outcome := range waiting {
			outcome <- err
		}
	}
}

func (p *passes) count(service string) (all, failed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.of(service)
	return h.all, h.failed
}

// run is a worker's life.
func (c *CCM) run(ctx context.Context) {
	for {
		service, ended := c.queue.Get()
		if ended {
			return
		}
		c.pass(ctx, service)
		c.queue.Done(service)
	}
}

// pass looks at one Service, and again later where that fails.
func (c *CCM) pass(ctx context.Context, service string) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	if ctx.Err() != nil {
		return
	}
	end := c.passes.begin(service)
	err := c.reconcile(context.WithoutCancel(ctx), service) // the one in hand ends well
	if err == nil {
		c.queue.Forget(service)
	} else {
		c.queue.AddRateLimited(service)
	}
	end(err)
}
