package security

import (
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// TestAdmission has one cluster with all the policies of config/admission; each part opens
// the two that it isn't about.
func TestAdmission(t *testing.T) {
	t.Parallel()
	cluster := env.StartCluster(t)
	apply := func(t *testing.T) {
		t.Helper()
		cluster.Kubectl(t, "apply", "--server-side", "--validate=strict", "-k", filepath.Join(config, "admission"))
	}
	apply(t)
	for _, part := range []struct {
		sentence string
		check    func(*stage)
	}{
		{"only allowed namespaces get ServerCertificates", checkNamespaces},
		{"only allowed regions are used", checkRegions},
		{"only allowed certificates of Certificate Management Service are used", checkCertificates},
	} {
		t.Run(part.sentence, func(t *testing.T) { part.check(newStage(t, cluster)) })
	}
	t.Run("applied again, the manifests leave the lists", func(t *testing.T) {
		s := newStage(t, cluster)
		apply(t)
		params := &corev1.ConfigMap{}
		s.must(cluster.Client.Get(t.Context(), client.ObjectKey{Namespace: "clbcert-system", Name: "clbcert-certificates"}, params))
		if params.Data["_all"] != "*" {
			t.Errorf("the list is %v", params.Data)
		}
		for _, folder := range []string{"namespaces", "regions", "certificates"} {
			cluster.Kubectl(t, "apply", "--server-side", "--validate=strict", "--dry-run=server", "-k", filepath.Join(config, "admission", folder))
		}
	})
}

// eventually waits until the creation of an object is refused with that message, or taken
// where it is "": what an administrator changes takes a moment.
func (s *stage) eventually(what string, object *v1alpha1.ServerCertificate, because string) {
	s.Helper()
	s.poll(what, func() bool {
		fresh := object.DeepCopy()
		fresh.Name, fresh.GenerateName = "", "try-"
		err := s.cluster.Client.Create(s.Context(), fresh, client.DryRunAll)
		if because == "" {
			return err == nil
		}
		return err != nil && strings.Contains(err.Error(), because)
	})
}

// set fills in a list for administrators.
func (s *stage) set(name string, lists map[string]string) {
	s.Helper()
	params := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "clbcert-system", Name: name}}
	s.update(params, func() { params.Data = lists })
}

// label sets the stage's namespace's label that allows it ServerCertificates.
func (s *stage) label(value string) {
	s.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	s.update(namespace, func() { namespace.Labels = map[string]string{"clbcert.dev/server-certificates": value} })
}

func checkNamespaces(s *stage) {
	s.set("clbcert-regions", map[string]string{"_all": "*"})
	s.eventually("the policy", s.certificate("web"), "clbcert.dev/server-certificates=allowed")
	s.eventually("the message", s.certificate("web"), "namespace "+s.namespace+" may not have ServerCertificates: ask an administrator")
	s.label("no")
	s.eventually("another value", s.certificate("web"), "may not have ServerCertificates")
	s.label("allowed")
	s.eventually("the label", s.certificate("web"), "")
	env.StartManager(s, s.cluster, s.cloud, "--watch-namespaces", s.namespace)
	object := s.certificate("web")
	s.create(object, s.secret("web-tls"))
	s.wait(object, "Ready", synced)

	s.label("")
	s.eventually("the label taken away", s.certificate("other"), "may not have ServerCertificates")
	s.must(s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), object))
	changed := object.DeepCopy()
	changed.Spec.SecretRef.Name = "other-tls"
	if err := s.cluster.Client.Patch(s.Context(), changed, client.MergeFrom(object)); err == nil || !strings.Contains(err.Error(), "may not have ServerCertificates") {
		s.Errorf("its spec was changed all the same: %v", err)
	}
	s.update(object, func() { object.Annotations = map[string]string{v1alpha1.AnnotationSyncRequestedAt: "now"} })
	s.renew(object) // what is there stays in order
	s.must(s.cluster.Client.Delete(s.Context(), object))
	env.WaitGone(s, s.cluster, object)
}

func checkRegions(s *stage) {
	in := func(s *stage, region v1alpha1.Region) *v1alpha1.ServerCertificate {
		object := s.certificate("web")
		object.Spec.Region = region
		return object
	}
	s.label("allowed")
	s.set("clbcert-regions", nil)
	s.eventually("the policy", in(s, "cn-beijing"), "ConfigMap clbcert-system/clbcert-regions")
	s.eventually("the message", in(s, "cn-beijing"), "region cn-beijing isn't allowed in namespace "+s.namespace+": set spec.region to one of []")

	s.set("clbcert-regions", map[string]string{s.namespace: "cn-hangzhou, cn-shanghai", "other": "cn-beijing", "_all": "cn-shenzhen"})
	for _, region := range []v1alpha1.Region{"cn-hangzhou", "cn-shanghai", "cn-shenzhen"} {
		s.eventually(string(region), in(s, region), "")
	}
	s.eventually("another namespace's region", in(s, "cn-beijing"), "set spec.region to one of [cn-hangzhou, cn-shanghai, cn-shenzhen]")
	s.eventually("a part of a region", in(s, "cn-hang"), "region cn-hang isn't allowed")
	s.eventually("none", in(s, ""), "the manager's own region, as spec.region isn't set, isn't allowed")
	s.set("clbcert-regions", map[string]string{s.namespace: "default"})
	s.eventually("the manager's", in(s, ""), "")
	s.eventually("another", in(s, "cn-hangzhou"), "region cn-hangzhou isn't allowed")

	object := in(s, "")
	s.create(object)
	object.Spec.Region = "cn-hangzhou"
	if err := s.cluster.Client.Update(s.Context(), object); err == nil || !strings.Contains(err.Error(), "region cn-hangzhou isn't allowed") {
		s.Errorf("a region that was set later: %v", err)
	}
	s.set("clbcert-regions", map[string]string{"_all": "*"})
	s.eventually("all", in(s, "cn-beijing"), "")
	s.cluster.Kubectl(s, "delete", "configmap", "-n", "clbcert-system", "clbcert-regions")
	s.eventually("no list", in(s, "cn-beijing"), "no params found")
	s.cluster.Kubectl(s, "apply", "--server-side", "-k", filepath.Join(config, "admission", "regions"))
	s.set("clbcert-regions", map[string]string{"_all": "*"})
	s.eventually("a new list", in(s, "cn-beijing"), "")
}

func checkCertificates(s *stage) {
	s.label("allowed")
	of := func(id string) *v1alpha1.ServerCertificate {
		object := s.certificate("web")
		object.Spec.SecretRef, object.Spec.AliCloudCertificate = nil, &v1alpha1.AliCloudCertificate{ID: id}
		return object
	}
	s.eventually("the policy", of("7752925"), "certificate 7752925 of Certificate Management Service isn't allowed in namespace "+s.namespace)
	s.eventually("the message", of("7752925"), "to the key "+s.namespace+" of the ConfigMap clbcert-system/clbcert-certificates")
	s.eventually("a Secret", s.certificate("web"), "")

	s.set("clbcert-certificates", map[string]string{s.namespace: "7752925,7752926", "other": "1", "_all": "9"})
	for _, id := range []string{"7752925", "7752926", "9"} {
		s.eventually(id, of(id), "")
	}
	for what, id := range map[string]string{"another namespace's": "1", "a part of one": "775292", "more than one": "77529257"} {
		s.eventually(what, of(id), "certificate "+id+" of Certificate Management Service isn't allowed")
	}
	object := of("7752925")
	s.create(object)
	object.Spec.AliCloudCertificate.ID = "1"
	if err := s.cluster.Client.Update(s.Context(), object.DeepCopy()); err == nil || !strings.Contains(err.Error(), "certificate 1 of") {
		s.Errorf("another certificate by an update: %v", err)
	}
	s.set("clbcert-certificates", nil)
	s.eventually("the list emptied", of("7752925"), "certificate 7752925 of")
	object.Spec.AliCloudCertificate.ID, object.Spec.Suspend = "7752925", true
	s.must(s.cluster.Client.Update(s.Context(), object)) // what was allowed may be changed otherwise
	s.set("clbcert-certificates", map[string]string{"_all": "*"})
	s.eventually("all", of("1"), "")
}
