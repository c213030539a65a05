package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// fieldOwner is the controller's name as a field manager.
const fieldOwner = client.FieldOwner("clbcert")

// record ends a pass: it writes the status if anything changed, tells what happened,
// and says when to come back.
func (r *Reconciler) record(ctx context.Context, s plan.State, with means) (ctrl.Result, error) {
	if s.Deleting() && !s.HasFinalizer {
		r.teller.tell(ctx, s.Object, s.Events)
		return ctrl.Result{}, nil
	}
	outlook := plan.Summary(s)
	if !equality.Semantic.DeepEqual(outlook.Status, s.Recorded) {
		written, err := r.apply(context.WithoutCancel(ctx), s.Object, outlook.Status)
		if err != nil {
			return r.giveUp(ctx, s, plan.Record{}, err)
		}
		r.served(s, outlook.Status, with)
		s.Memory = s.Memory.Wrote(written)
		r.memories.put(client.ObjectKeyFromObject(s.Object), s)
	}
	r.teller.tell(ctx, s.Object, outlook.Events)
	return ctrl.Result{RequeueAfter: max(outlook.Wake.Sub(r.Clock()), time.Millisecond)}, nil
}

// giveUp ends a pass that the API server cut short, or that found no place. A conflict means
// that the copy was stale, or that another replica leads by now: nothing was done on its ground.
func (r *Reconciler) giveUp(ctx context.Context, s plan.State, step plan.Step, err error) (ctrl.Result, error) {
	switch {
	case errors.Is(err, errFull): // it is told when there is a place
		return ctrl.Result{RequeueAfter: lostTurn}, nil
	case apierrors.IsConflict(err):
		log.FromContext(ctx).V(1).Info("the object changed meanwhile", "step", step.String())
		return ctrl.Result{RequeueAfter: sooner}, nil
	case apierrors.IsNotFound(err), errors.Is(ctx.Err(), context.Canceled):
		return ctrl.Result{}, nil
	default:
		return ctrl.Result{}, fmt.Errorf("ServerCertificate %s/%s: %s: %w", s.Object.Namespace, s.Object.Name, step, err)
	}
}

// apply writes the whole status, of exactly the object as read: a stale copy is
// refused with a conflict. It returns the object as written.
func (r *Reconciler) apply(ctx context.Context, object *v1alpha1.ServerCertificate, status v1alpha1.ServerCertificateStatus) (*v1alpha1.ServerCertificate, error) {
	written := object.DeepCopy()
	written.Status = status
	err := r.memories.write(written, func() error { return r.Client.Status().Update(ctx, written, fieldOwner) })
	return written, err
}
