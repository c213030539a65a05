package controller

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestABusyLoadBalancerIsWaitedFor(t *testing.T) {
	s := setStage(t, "--settle-time", "500ms")
	console, old := s.console(), s.stranger()
	one, two := console.CreateLoadBalancer(t, performance, s.ours(), ""), console.CreateLoadBalancer(t, performance, s.ours(), "")
	console.CreateHTTPSListener(t, one, 443, old, "")
	console.CreateHTTPSListener(t, two, 443, old, "")
	s.manage()
	object := s.certificate("web", keeping(0), bound(toListener(one, 443, ""), toListener(one, 443, "x.a.com"),
		renamed(toListener(one, 443, "y.a.com"), "y"), renamed(toListener(two, 443, ""), "two")))
	names := certs.Names("a.com", "*.a.com")
	s.create(s.secret("web-tls", certs.NewLeaf(t, names)), object)
	s.ready(object)
	id := s.renew(object, certs.NewLeaf(t, names))
	s.checkServed(one, 443, id, map[string]string{"x.a.com": id, "y.a.com": id})
	s.checkServed(two, 443, id, nil)
	s.wait(object, "the old one deleted", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 })
	if len(s.live(object)) != 1 {
		t.Errorf("certificates %v, want one", s.live(object))
	}
}

func TestARollbackBindsWhatWasKeptAndUploadsWhatWasDeleted(t *testing.T) {
	s := setStage(t, "--list-lag", "2s")
	id, _ := s.loadBalancer(443)
	s.manage("--consistency-window", "2s")
	first, second := certs.NewLeaf(t), certs.NewLeaf(t)
	object := s.certificate("web", bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", first), object)
	kept := s.ready(object).Status.CertificateID
	s.renew(object, second)
	if back := s.renew(object, first); back != kept || s.stageDefault(id) != kept || len(s.uploads()) != 3 {
		t.Errorf("back to %s, served %s, %d uploads; want %s and 3 with the stranger's", back, s.stageDefault(id), len(s.uploads()), kept)
	}
	s.update(object, func() { keeping(0)(object) })
	s.wait(object, "the other deleted", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 && isReady(o) })
	again := s.renew(object, second) // lists still show the dead one
	s.checkServed(id, 443, again, nil)
	if len(s.uploads()) != 4 {
		t.Errorf("%d uploads, want 4", len(s.uploads()))
	}
}

func TestOfDoublesTheServedOneIsAdopted(t *testing.T) {
	s := setStage(t)
	identity := certs.NewLeaf(t)
	tags := map[string]string{
		v1alpha1.TagCluster: clusterID, v1alpha1.TagObject: s.namespace + "/web", v1alpha1.TagDigest: factsOf(t, identity).Digest,
	}
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		t.Fatal(err)
	}
	upload := func() string { return s.console().Upload(s, "double", tags, identity.ChainPEM(), key) }
	served := upload()
	id := s.console().CreateLoadBalancer(t, performance, s.ours(), "")
	s.console().CreateHTTPSListener(t, id, 443, served, "")
	upload()
	upload()
	s.manage()
	object := s.certificate("web", bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", identity), object)
	now := s.wait(object, "the doubles deleted", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Superseded) == 0 })
	if now.Status.CertificateID != served || len(s.live(object)) != 1 || len(s.uploads()) != 3 {
		t.Errorf("adopted %s of %v, want %s alone", now.Status.CertificateID, s.live(object), served)
	}
}

func TestALoadBalancerOfAnotherRegionIsNotFound(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	s.manage()
	object := s.certificate("web", bound(toListener(id, 443, "")), func(o *v1alpha1.ServerCertificate) { o.Spec.Region = "cn-beijing" })
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.checkSays(s.unready(object, v1alpha1.ReasonLoadBalancerNotFound), id+":443", "InvalidLoadBalancerId.NotFound", "cn-beijing")
}

func TestOwnCredentialsNeedNoTagButRights(t *testing.T) {
	s := setStage(t)
	id := s.console().CreateLoadBalancer(t, performance, nil, "")
	s.console().CreateHTTPSListener(t, id, 443, s.stranger(), "")
	s.manage()
	key := env.SimulatedAccessKey{ID: "LTAI5tOwn", Secret: "own-secret", Account: "1000000000000001", Denied: []string{"SetLoadBalancerHTTPSListenerAttribute"}}
	s.cloud.PutAccessKey(t, key)
	s.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "own"},
		StringData: map[string]string{"accessKeyID": key.ID, "accessKeySecret": key.Secret},
	})
	object := s.certificate("web", bound(toListener(id, 443, "")), func(o *v1alpha1.ServerCertificate) {
		o.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: "own"}
	})
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	now := s.unready(object, v1alpha1.ReasonUnauthorized)
	s.checkSays(now, id+":443", "SetLoadBalancerHTTPSListenerAttribute", "RequestId")
	s.checkParts(now, true)
	s.cloud.PutAccessKey(t, env.SimulatedAccessKey{ID: key.ID, Account: key.Account})
	s.barrier(object)
	s.checkServed(id, 443, s.ready(object).Status.CertificateID, nil)
}

func TestASuspendedObjectBindsNothing(t *testing.T) {
	s := setStage(t)
	id, old := s.loadBalancer(443)
	s.manage()
	object := s.certificate("web", func(o *v1alpha1.ServerCertificate) { o.Spec.Suspend = true }, bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.wait(object, "Suspended", func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionSuspended, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	})
	s.checkServed(id, 443, old, nil)
	s.update(object, func() { object.Spec.Suspend = false })
	ours := s.ready(object).Status.CertificateID
	s.update(object, func() { object.Spec.Suspend = true })
	s.wait(object, "Suspended again", func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionSuspended, metav1.ConditionTrue, v1alpha1.ReasonSuspended)
	})
	s.put("web-tls", certs.NewLeaf(t))
	s.update(object, func() { object.Spec.Suspend = false })
	now := s.wait(object, "renewed", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && o.Status.CertificateID != ours })
	s.checkServed(id, 443, now.Status.CertificateID, nil)
}

func TestAFullQuotaGivesUpWhatWasKeptAndBindsTheRenewal(t *testing.T) {
	s := setStage(t, "--quota", "4")
	id, _ := s.loadBalancer(443) // with a stranger's certificate
	s.manage()
	object := s.certificate("web", keeping(5), bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.ready(object)
	for range 4 {
		s.checkServed(id, 443, s.renew(object, certs.NewLeaf(t)), nil)
	}
	if len(s.ids()) != 4 {
		t.Errorf("%d certificates, want the quota's 4", len(s.ids()))
	}
}

// TestKeepingAnEyeOnListenersCostsCallsByTheLoadBalancer: 24 objects on 12 load balancers
// are looked at again each second, ten load balancers to a call.
func TestKeepingAnEyeOnListenersCostsCallsByTheLoadBalancer(t *testing.T) {
	s := setStage(t)
	const balancers, resync = 12, 4 * time.Second
	var objects []*v1alpha1.ServerCertificate
	for i := range balancers {
		id, _ := s.loadBalancer(443, 8443)
		for _, port := range []int32{443, 8443} {
			objects = append(objects, s.certificate(fmt.Sprintf("web-%d-%d", i, port), bound(toListener(id, port, ""))))
		}
	}
	s.manage("--resync-interval", resync.String(), "--api-qps", "0")
	for _, object := range objects {
		s.create(s.secret(object.Name+"-tls", certs.NewLeaf(t)), object)
	}
	for _, object := range objects {
		s.ready(object)
	}
	before, began := s.lastCall(), time.Now()
	s.poll("some resyncs", func() bool { return time.Since(began) > 3*resync })
	looks := map[string]int{}
	for _, c := range s.calls(before) {
		looks[c.Action]++
	}
	// A look may be half a resync old: six rounds, each of two calls for twelve load
	// balancers, and one more where rounds overlap.
	for action, count := range looks {
		if strings.HasPrefix(action, "DescribeLoadBalancer") && count > 3*6 || count > 40 {
			t.Errorf("%d calls of %s by %d objects in three resyncs", count, action, len(objects))
		}
	}
	if !slices.Contains([]int{0}, len(writes(s.calls(before)))) {
		t.Errorf("wrote %q", writes(s.calls(before)))
	}
	t.Logf("calls in three resyncs: %v", looks)
}
