package controller

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestASuspendedObjectIsLeftAlone(t *testing.T) {
	s := setStage(t).manage()
	object, fresh := s.certificate("web"), s.certificate("fresh", func(o *v1alpha1.ServerCertificate) { o.Spec.Suspend = true })
	synced := s.sync(object)
	s.create(s.secret("fresh-tls", certs.NewLeaf(t)), fresh, s.certificate("barrier"))
	s.wait(fresh, "suspended from the first", func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonSuspended) && isSuspended(o)
	})
	s.update(object, func() { object.Spec.Suspend = true })
	held := s.wait(object, "suspended", isSuspended)
	if c := meta.FindStatusCondition(held.Status.Conditions, v1alpha1.ConditionReady); c.Status != metav1.ConditionTrue || held.Status.ObservedGeneration != held.Generation {
		t.Errorf("a suspended object keeps its Ready: %+v", held.Status)
	}

	s.put("web-tls", certs.NewLeaf(t))
	s.update(object, func() { annotated(object, v1alpha1.AnnotationSyncRequestedAt, "now") })
	s.passed()
	if now := s.get(object).Status; now.LastHandledSyncRequest != "" || now.CertificateID != synced.Status.CertificateID || len(s.uploads()) != 1 {
		t.Errorf("after %d uploads the status is %+v", len(s.uploads()), now)
	}

	s.update(object, func() { object.Spec.Suspend = false })
	s.wait(object, "renewed and the request handled", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && !isSuspended(o) && o.Status.CertificateID != synced.Status.CertificateID && o.Status.LastHandledSyncRequest == "now"
	})
}

func isSuspended(o *v1alpha1.ServerCertificate) bool {
	return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionSuspended)
}

func TestADryRunWritesNothing(t *testing.T) {
	s := setStage(t).manage()
	synced, renewed, kept := s.certificate("synced"), s.certificate("renewed"), s.certificate("kept")
	for _, object := range []*v1alpha1.ServerCertificate{synced, renewed, kept} {
		s.sync(object)
	}
	s.manager.Stop(t)
	before := len(s.cloud.Calls(t))
	s.manage("--dry-run")

	fresh := s.certificate("fresh")
	s.create(s.secret("fresh-tls", certs.NewLeaf(t)), fresh)
	said := s.unready(fresh, v1alpha1.ReasonDryRun)
	s.checkSays(said, "--dry-run", "would upload")
	if len(said.Finalizers) != 0 {
		t.Errorf("a dry run added %v", said.Finalizers)
	}
	s.put("renewed-tls", certs.NewLeaf(t))
	s.checkSays(s.unready(renewed, v1alpha1.ReasonDryRun), "would upload")
	s.barrier(synced)
	s.ready(synced)

	s.delete(fresh)
	s.gone(fresh, 0)
	s.delete(kept)
	s.checkSays(s.unready(kept, v1alpha1.ReasonDryRun), "would delete certificate "+kept.Status.CertificateID)
	for _, call := range s.cloud.Calls(t)[before:] {
		if !strings.HasPrefix(call.Action, "Describe") && call.Action != "GetCallerIdentity" {
			t.Errorf("a dry run called %s", call.Action)
		}
	}
}

func TestOnlyWhatIsWatchedIsSynced(t *testing.T) {
	s := setStage(t)
	elsewhere := *s
	elsewhere.namespace = s.cluster.Namespace(t)
	third := *s
	third.namespace = s.cluster.Namespace(t)
	s.manager = env.StartManager(t, s.cluster, s.cloud, "--cluster-id", clusterID,
		"--watch-namespaces", s.namespace+", "+elsewhere.namespace, "--watch-label-selector", "team in (shop)")
	labelled := func(o *v1alpha1.ServerCertificate) { o.Labels = map[string]string{"team": "shop"} }

	others := third.certificate("web", labelled)
	third.create(third.secret("web-tls", certs.NewLeaf(t)), others)
	plain := s.certificate("plain")
	s.create(s.secret("plain-tls", certs.NewLeaf(t)), plain)
	s.sync(s.certificate("web", labelled))
	elsewhere.sync(elsewhere.certificate("web", labelled))
	for _, object := range []*v1alpha1.ServerCertificate{others, plain} {
		if now := s.get(object); len(now.Status.Conditions) != 0 || len(s.live(object)) != 0 {
			t.Errorf("%s/%s isn't watched, and was synced: %+v", now.Namespace, now.Name, now.Status)
		}
	}
	s.update(plain, func() { labelled(plain) })
	s.ready(plain)
}

func TestTheRegionIsTheObjectsOwnElseTheManagers(t *testing.T) {
	s := setStage(t).manage("--regions", "cn-hangzhou, cn-beijing")
	in := func(region v1alpha1.Region) func(*v1alpha1.ServerCertificate) {
		return func(o *v1alpha1.ServerCertificate) { o.Spec.Region = region }
	}
	own, fallback, barred := s.certificate("own", in("cn-beijing")), s.certificate("fallback"), s.certificate("barred", in("cn-shanghai"))
	if got := s.sync(own); got.Status.Region != "cn-beijing" || s.live(own)[0].Region != "cn-beijing" {
		t.Errorf("region %s, in the cloud %s", got.Status.Region, s.live(own)[0].Region)
	}
	if got := s.sync(fallback).Status.Region; got != env.Region {
		t.Errorf("region %s, want the manager's", got)
	}
	s.create(s.secret("barred-tls", certs.NewLeaf(t)), barred)
	said := s.unready(barred, v1alpha1.ReasonRegionInvalid)
	s.checkSays(said, "cn-shanghai", "--regions", "cn-hangzhou, cn-beijing")
	s.checkParts(said, true)

	fallback = s.get(fallback)
	fallback.Spec.Region = "cn-beijing"
	if err := s.cluster.Client.Update(t.Context(), fallback); err == nil || !strings.Contains(err.Error(), "spec.region must equal status.region") {
		t.Errorf("a synced object moved: %v", err)
	}
	s.manager.Stop(t)
	s.manage("--region", "cn-shenzhen")
	if got := s.barrier(fallback).Status; got.Region != env.Region || len(s.uploadsOf(fallback)) != 1 {
		t.Errorf("another --region moved the object to %s, after %d uploads", got.Region, len(s.uploadsOf(fallback)))
	}
	s.ready(barred)
}

func TestWithoutARegionTheObjectSaysSo(t *testing.T) {
	s := setStage(t).manage("--region", "")
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	said := s.unready(object, v1alpha1.ReasonRegionInvalid)
	s.checkSays(said, "spec.region", "--region")
	s.checkParts(said, true)
	s.update(object, func() { object.Spec.Region = env.Region })
	s.ready(object)
}

func TestASyncRequestActsAtOnceOnWhatIsStalled(t *testing.T) {
	s := setStage(t).manage()
	s.cloud.SetFaults(t, "UploadServerCertificate=Forbidden.RAM")
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.checkParts(s.unready(object, v1alpha1.ReasonUnauthorized), true)
	s.cloud.SetFaults(t)
	if now := s.barrier(object); !isReady(now) {
		t.Errorf("handled, and not Ready: %+v", now.Status)
	}
}
