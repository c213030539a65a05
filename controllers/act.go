package controllers

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// act does one step. What the cloud says of it is in the outcome; the error is the
// API server's, and ends the pass.
func (r *Reconciler) act(ctx context.Context, s plan.State, step plan.Step, with means) (plan.Outcome, error) {
	if s.DryRun && step.Writes() {
		return plan.Outcome{At: r.Clock(), Held: true}, nil
	}
	log.FromContext(ctx).V(1).Info("step", "step", step.String())
	ctx = lasting(ctx, s, step)
	var outcome plan.Outcome
	var err error
	switch step := step.(type) {
	case plan.AddFinalizer, plan.RemoveFinalizer, plan.Record, plan.ClaimExtension:
		outcome.Object, err = r.write(ctx, s, step)
	case plan.Confirm:
		err = r.confirm(ctx, s.Object)
	case plan.RecordIntent:
		outcome, err = r.recordIntent(ctx, s, step, with)
	case plan.Annotate:
		outcome.ResourceVersion, err = r.annotate(ctx, step)
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			outcome.Stale, err = true, nil // the Service changed, which is nothing of the object's
		}
	case plan.Wait, plan.Adopt, plan.Forget, plan.Spare, plan.Leave: // nothing but a decision
	default:
		outcome, err = r.call(ctx, s, step, with)
	}
	if outcome.At.IsZero() {
		outcome.At = r.Clock()
	}
	return outcome, err
}

// write writes the object, of exactly the version as read.
func (r *Reconciler) write(ctx context.Context, s plan.State, step plan.Step) (*v1alpha1.ServerCertificate, error) {
	switch step.(type) {
	case plan.AddFinalizer:
		return r.setFinalizer(ctx, s.Object, controllerutil.AddFinalizer)
	case plan.RemoveFinalizer:
		return r.setFinalizer(ctx, s.Object, controllerutil.RemoveFinalizer)
	case plan.ClaimExtension:
		return r.apply(ctx, s.Object, plan.Snapshot(plan.After(s, step, plan.Outcome{At: r.Clock()})))
	default:
		return r.apply(ctx, s.Object, plan.Snapshot(s))
	}
}

// lasting lets a write that has begun end in spite of a shutdown, and marks what is urgent.
func lasting(ctx context.Context, s plan.State, step plan.Step) context.Context {
	if s.Urgent(step) {
		ctx = clb.Urgent(ctx)
	}
	if _, queues := step.(plan.RecordIntent); !step.Writes() || queues {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// setFinalizer adds the finalizer or takes it away, of exactly the object as read.
func (r *Reconciler) setFinalizer(ctx context.Context, object *v1alpha1.ServerCertificate, change func(client.Object, string) bool) (*v1alpha1.ServerCertificate, error) {
	changed := object.DeepCopy()
	change(changed, v1alpha1.Finalizer)
	patch := client.MergeFromWithOptions(object, client.MergeFromWithOptimisticLock{})
	err := r.memories.write(changed, func() error { return r.Client.Patch(ctx, changed, patch, fieldOwner) })
	return changed, err
}

// recordIntent takes its turn under the account's rate limit first: the deadline
// that it records leaves no time to wait after.
func (r *Reconciler) recordIntent(ctx context.Context, s plan.State, step plan.RecordIntent, with means) (plan.Outcome, error) {
	account, err := r.account(ctx, s, step, with)
	if err == nil {
		err = account.Wait(ctx)
	}
	if err != nil {
		return r.outcome(ctx, step, plan.Outcome{}, err)
	}
	outcome := plan.Outcome{At: r.Clock()}
	outcome.Object, err = r.apply(context.WithoutCancel(ctx), s.Object, plan.Snapshot(plan.After(s, step, outcome)))
	return outcome, err
}

// account is the one that the credentials belong to; cached, but for the first time. The pass
// takes its place among those of the account, if it hasn't yet.
func (r *Reconciler) account(ctx context.Context, s plan.State, step plan.Step, with means) (*clb.Account, error) {
	if err := with.visit.enter(r.Cloud.KnownID(with.version), with.version, s.Urgent(step)); err != nil {
		return nil, err
	}
	return r.Cloud.Account(ctx, with.version, s.Region, with.provider)
}

// call does a step that is a call to the cloud.
func (r *Reconciler) call(ctx context.Context, s plan.State, step plan.Step, with means) (plan.Outcome, error) {
	account, err := r.account(ctx, s, step, with)
	if err != nil {
		return r.outcome(ctx, step, plan.Outcome{}, err)
	}
	var outcome plan.Outcome
	switch step := step.(type) {
	case plan.Identify:
		outcome.AccountID = account.ID()
	case plan.Look:
		outcome.Lists, err = r.look(ctx, s, step, account)
	case plan.Survey:
		outcome.Sights, err = r.survey(ctx, s, step, account)
	case plan.Locate:
		outcome.Users, err = users(ctx, account, s, step)
	case plan.Upload:
		outcome.Certificate, err = upload(ctx, account, s, step, with)
		r.uploaded(s, with, err)
	default:
		err = change(ctx, account, s.Region, step)
	}
	return r.outcome(ctx, step, outcome, err)
}

// change makes one call that changes the cloud.
func change(ctx context.Context, account *clb.Account, region string, step plan.Step) error {
	switch step := step.(type) {
	case plan.Delete:
		return account.Delete(ctx, region, step.ID)
	case plan.Rename:
		return account.SetName(ctx, region, step.ID, step.Name)
	case plan.PutTags:
		return account.Tag(ctx, region, step.ID, tags(step.Tags))
	case plan.RemoveTags:
		return account.Untag(ctx, region, step.ID, step.Keys)
	case plan.MoveGroup:
		return account.MoveResourceGroup(ctx, region, step.ID, step.ResourceGroupID)
	case plan.SetCertificate:
		return account.SetListenerCertificate(ctx, region, step.LoadBalancerID, step.Port, step.CertificateID)
	case plan.SetExtension:
		return account.SetExtension(ctx, region, step.ExtensionID, step.CertificateID)
	case plan.CreateExtension:
		_, err := account.CreateExtension(ctx, region, step.LoadBalancerID, step.Port, step.Domain, step.CertificateID)
		return err
	case plan.DeleteExtension:
		return account.DeleteExtension(ctx, region, step.ExtensionID)
	default:
		return fmt.Errorf("acting: no such step %T", step)
	}
}

// users are who serves a certificate, in words.
func users(ctx context.Context, account *clb.Account, s plan.State, step plan.Locate) ([]string, error) {
	found, err := account.Users(ctx, s.Region, step.ID, step.Extensions)
	var texts []string
	for _, user := range found {
		texts = append(texts, plan.Spot{LoadBalancerID: user.LoadBalancerID, Port: user.Port, Domain: user.Domain}.String())
	}
	return texts, err
}

// outcome puts the cloud's error into the outcome; any other ends the pass.
func (r *Reconciler) outcome(ctx context.Context, step plan.Step, outcome plan.Outcome, err error) (plan.Outcome, error) {
	outcome.At = r.Clock()
	var cloud *clberr.Error
	switch {
	case ctx.Err() != nil: // a shutdown is no failure of the cloud
		return outcome, ctx.Err()
	case errors.As(err, &cloud):
		log.FromContext(ctx).Info("cloud refused or failed", "action", cloud.Action, "code", cloud.Code,
			"requestID", cloud.RequestID, "class", cloud.Class(), "outcome", cloud.Outcome, "error", cloud.Error())
		outcome.Err = cloud
	case err != nil:
		return outcome, err
	case step.Writes():
		log.FromContext(ctx).Info("cloud changed", "step", step.String(), "certificateID", outcome.Certificate.ID)
	}
	return outcome, nil
}

// upload sends the wanted certificate, with its key where it has one.
func upload(ctx context.Context, account *clb.Account, s plan.State, step plan.Upload, with means) (plan.Certificate, error) {
	request := clb.Upload{
		Name: step.Name, ResourceGroupID: step.ResourceGroupID, Tags: tags(step.Tags), Deadline: step.Deadline,
		Fingerprint: s.Wanted.Fingerprint,
	}
	if cas := s.Wanted.AliCloud; cas != nil {
		request.AliCloud = &clb.AliCloudCertificate{ID: cas.ID, Name: cas.Name, Region: string(cas.Region)}
	} else {
		request.ChainPEM, request.PrivateKeyPEM = with.pair.ChainPEM(), []byte(with.pair.PrivateKeyPEM())
		defer clear(request.PrivateKeyPEM)
	}
	certificate, err := account.Upload(ctx, s.Region, request)
	return certificateOf(certificate), err
}

// look lists the region, and keeps what concerns the object: what carries its tags,
// and what its status names.
func (r *Reconciler) look(ctx context.Context, s plan.State, step plan.Look, account *clb.Account) ([]plan.List, error) {
	lists, err := account.Certificates(ctx, s.Region, step.Since, clb.Concern{IDs: s.Named(), Object: s.ObjectTag()})
	if err != nil {
		return nil, err
	}
	concerned := make([]plan.List, 0, len(lists))
	for _, list := range lists {
		kept := plan.List{Began: list.Began}
		for _, c := range list.Certificates {
			certificate := certificateOf(c)
			if !s.Concerns(certificate) {
				continue
			}
			if certificate.NamedBy, err = r.namedBy(ctx, c.ID); err != nil {
				return nil, err
			}
			kept.Certificates = append(kept.Certificates, certificate)
		}
		concerned = append(concerned, kept)
	}
	return concerned, nil
}

// certificateOf is the plan's view of a certificate.
func certificateOf(c clb.Certificate) plan.Certificate {
	return plan.Certificate{
		ID: c.ID, Name: c.Name, Fingerprint: c.Fingerprint, CommonName: c.CommonName, DNSNames: c.DNSNames,
		ResourceGroupID: c.ResourceGroupID, CreateTime: c.CreateTime, ExpireTime: c.ExpireTime, Tags: c.Tags,
		Unlisted: c.Unlisted,
	}
}

// tags are the client's form of the plan's.
func tags(list []plan.Tag) []clb.Tag {
	converted := make([]clb.Tag, 0, len(list))
	for _, tag := range list {
		converted = append(converted, clb.Tag{Key: tag.Key, Value: tag.Value})
	}
	return converted
}
