// Package controllers makes the cloud hold what ServerCertificates want. A pass
// reads the story in reconcile.go: observe, ask the plan for the next step, do it,
// record what came of it. All reads are in observe.go, all effects in act.go, the
// writing of the status in record.go and of Events in events.go; every decision is made by package plan.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/metrics"
	"github.com/clbcert/clbcert/internal/plan"
)

// +kubebuilder:rbac:groups=clbcert.dev,resources=servercertificates,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=clbcert.dev,resources=servercertificates/status,verbs=update
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups="",resources=namespaces,resourceNames=kube-system,verbs=get
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// maxSteps is more than any object needs in one pass: 20 superseded certificates, 32
// bindings with a few listeners each, twice that for confirming, and a few lists. A plan that never ends is a fault of ours, and must not spin.
const maxSteps = 2000

// sooner is how long to wait for the cache where it is behind.
const sooner = 20 * time.Millisecond

// Reconciler brings one ServerCertificate at a time nearer to what its spec wants.
type Reconciler struct {
	// Client reads ServerCertificates from the cache, and writes.
	Client client.Client
	// Live reads Secrets from the API server itself: their data is never cached.
	Live client.Reader
	// Events tells people what happened.
	Events events.EventRecorder
	// Cloud reaches the accounts, Own are the manager's credentials.
	Cloud *clb.Client
	Own   credentials.Provider
	// Roles, in their order, are the roles of namespaces; see RoleRule.
	Roles []RoleRule
	// Settings are the plan's. Region is used where an object names none, and
	// Regions are those allowed; all when empty.
	Settings plan.Settings
	Region   string
	Regions  []string
	// Clock tells the time.
	Clock func() time.Time
	// Metrics counts what happens.
	Metrics *metrics.Recorder

	memories memories
	teller   *teller
	places   places
	secrets  *secretWatches
}

// Reconcile is one pass over one object.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	state, means, err := r.observe(ctx, req.NamespacedName)
	switch {
	case errors.Is(err, errStale):
		return ctrl.Result{RequeueAfter: sooner}, nil
	case errors.Is(err, errFull): // it is called when there is a place
		return ctrl.Result{RequeueAfter: lookTurn}, nil
	case err != nil:
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	defer means.end()
	for range maxSteps {
		step := plan.Next(state)
		if step == nil || ctx.Err() != nil && !state.Intended {
			return r.record(ctx, state, means)
		}
		outcome, err := r.act(ctx, state, step, means)
		switch {
		case err != nil && ctx.Err() != nil: // a shutdown cut a read short: what was done before is told
			return r.record(ctx, state, means)
		case err != nil:
			return r.giveUp(ctx, state, step, err)
		}
		state = plan.After(state, step, outcome)
		r.memories.put(req.NamespacedName, state)
	}
	return ctrl.Result{}, fmt.Errorf("reconciling %s: no end after %d steps", req, maxSteps)
}
