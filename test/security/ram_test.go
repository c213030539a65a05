package security

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

var granting = regexp.MustCompile(`"slb:([A-Za-z]+)"`)

// policies are the actions that docs/ram-policies.md grants for each feature.
func policies(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/ram-policies.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## By feature\n")
	section, _, _ = strings.Cut(section, "\n## ")
	actions := map[string][]string{}
	for part := range strings.SplitSeq(section, "\n### ") {
		heading, policy, _ := strings.Cut(part, "\n")
		for _, found := range granting.FindAllStringSubmatch(policy, -1) {
			actions[heading] = append(actions[heading], found[1])
		}
	}
	return actions
}

// TestThePoliciesAreEnoughAndNoMore has a manager use a feature with the rights that the
// documentation grants for it, and all other actions denied.
func TestThePoliciesAreEnoughAndNoMore(t *testing.T) {
	t.Parallel()
	cluster, all := env.Shared(t), policies(t)
	for feature, use := range map[string]func(*stage){
		"Uploads": (*stage).useUploads, "Changes in place": (*stage).useChangesInPlace, "Bindings": (*stage).useBindings,
	} {
		t.Run(feature, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, cluster)
			granted := slices.Concat(all["Uploads"], all[feature])
			key := env.SimulatedAccessKey{ID: "LTAI5tLeast", Secret: "least", Account: "1000000000000001"}
			for _, actions := range all {
				for _, action := range actions {
					if !slices.Contains(granted, action) {
						key.Denied = append(key.Denied, action)
					}
				}
			}
			s.cloud.PutAccessKey(t, key)
			env.ManagerOf(t, s.cluster, s.cloud, []string{"--watch-namespaces", s.namespace},
				[]string{"ALIBABA_CLOUD_ACCESS_KEY_ID=" + key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + key.Secret})
			use(s)
			for _, action := range all[feature] {
				if !slices.ContainsFunc(s.cloud.Calls(t, action), func(c env.SimulatedCall) bool { return c.AccessKeyID == key.ID && c.Outcome == "ok" }) {
					t.Errorf("%s is granted and was never called", action)
				}
			}
			if len(key.Denied) == 0 || len(all[feature]) == 0 {
				t.Errorf("%d actions are granted, %d denied", len(all[feature]), len(key.Denied))
			}
		})
	}
}

// live creates an object with its Secret, and waits until it is Ready.
func (s *stage) live(object *v1alpha1.ServerCertificate, ready func(*v1alpha1.ServerCertificate) bool) *v1alpha1.ServerCertificate {
	s.Helper()
	s.create(s.secret(object.Spec.SecretRef.Name), object)
	return s.wait(object, "Ready", ready)
}

func (s *stage) useUploads() {
	object := s.certificate("web")
	s.live(object, synced)
	s.renew(object)
	s.wait(object, "Ready", synced)
	s.must(s.cluster.Client.Delete(s.Context(), object))
	env.WaitGone(s, s.cluster, object)
}

func (s *stage) useChangesInPlace() {
	object := s.certificate("web")
	object.Spec.Tags = map[string]v1alpha1.TagValue{"team": "shop"}
	s.live(object, synced)
	s.update(object, func() {
		object.Spec.CertificateName, object.Spec.ResourceGroupID = "renamed", "rg-acfmxazb4ph6aiy"
		object.Spec.Tags = map[string]v1alpha1.TagValue{"unit": "web"}
	})
	s.wait(object, "the changes", func(o *v1alpha1.ServerCertificate) bool {
		return synced(o) && o.Status.CertificateName == "renamed" && o.Status.ResourceGroupID == "rg-acfmxazb4ph6aiy" && slices.Equal(o.Status.AppliedTagKeys, []string{"unit"})
	})
}

func (s *stage) useBindings() {
	loadBalancer, stranger := s.listener()
	object := s.certificate("web", toListener("default", loadBalancer, ""), toListener("sni", loadBalancer, "*.a.com"))
	s.live(object, bound)
	s.renew(object)
	s.wait(object, "the renewal served", func(o *v1alpha1.ServerCertificate) bool { return bound(o) && isBound("sni")(o) })
	s.update(object, func() { object.Spec.Bindings = object.Spec.Bindings[:1] })
	s.wait(object, "the domain taken out", func(o *v1alpha1.ServerCertificate) bool { return bound(o) && len(o.Status.Bindings) == 1 })
	cloud.New(s, s.cloud).SetListenerCertificate(s, loadBalancer, 443, stranger)
	s.must(s.cluster.Client.Delete(s.Context(), object, client.GracePeriodSeconds(0)))
	env.WaitGone(s, s.cluster, object)
}
