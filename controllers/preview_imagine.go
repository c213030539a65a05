package controllers

import (
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// newID is the ID of a certificate, or of a domain extension, that isn't made.
const newID = "(new)"

// imagine is what comes of a step that writes, when all goes well.
func imagine(s plan.State, step plan.Step, at time.Time) plan.Outcome {
	outcome := plan.Outcome{At: at}
	switch step := step.(type) {
	case plan.AddFinalizer:
		outcome.Object = held(s.Object, controllerutil.AddFinalizer)
	case plan.RemoveFinalizer:
		outcome.Object = held(s.Object, controllerutil.RemoveFinalizer)
	case plan.RecordIntent, plan.ClaimExtension:
		outcome.Object = recorded(s.Object, plan.After(s, step, outcome))
	case plan.Record:
		outcome.Object = recorded(s.Object, s)
	case plan.Upload:
		outcome.Certificate = uploadedAs(s, step, at)
	case plan.Annotate:
		outcome.ResourceVersion = step.Service.ResourceVersion
	}
	return outcome
}

// held is the object with the finalizer added, or taken away.
func held(object *v1alpha1.ServerCertificate, change func(client.Object, string) bool) *v1alpha1.ServerCertificate {
	changed := object.DeepCopy()
	change(changed, v1alpha1.Finalizer)
	return changed
}

// recorded is the object with the status as it would be written.
func recorded(object *v1alpha1.ServerCertificate, s plan.State) *v1alpha1.ServerCertificate {
	changed := object.DeepCopy()
	changed.Status = plan.Snapshot(s)
	return changed
}

// uploadedAs is the certificate that an upload makes.
func uploadedAs(s plan.State, step plan.Upload, at time.Time) plan.Certificate {
	made := plan.Certificate{
		ID: newID, Name: step.Name, Fingerprint: s.Wanted.Fingerprint, CommonName: s.Wanted.CommonName, DNSNames: s.Wanted.DNSNames,
		ResourceGroupID: step.ResourceGroupID, CreateTime: at, ExpireTime: s.Wanted.NotAfter, Tags: map[string]string{},
	}
	for _, tag := range step.Tags {
		made.Tags[tag.Key] = tag.Value
	}
	return made
}

// aged is the state as it would be some time later, if nobody did anything meanwhile: all that is
// remembered is so much older, and a new pass begins.
func aged(s plan.State, by time.Duration) plan.State {
	s.Stopped, s.Until = false, time.Time{}
	s.Sights, s.Written, s.Tried = nil, nil, nil
	s.Lists = slices.Clone(s.Lists)
	for i := range s.Lists {
		s.Lists[i].Began = s.Lists[i].Began.Add(-by)
	}
	m := &s.Memory
	for _, t := range []*time.Time{&m.Since, &m.Verified, &m.VerifyAt, &m.PendingClosed, &m.RetryAt, &m.RefusedAt, &m.TidyAt} {
		if !t.IsZero() {
			*t = t.Add(-by)
		}
	}
	return s
}
