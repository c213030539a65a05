package security

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// Who passes for the cloud without its certificate is sent nothing.
func TestACloudThatAnotherAuthoritySignedForGetsNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	other := env.StartSimulator(t)
	for trusts, flags := range map[string][]string{
		"another authority": {"--clb-ca-file", other.CAFile}, "the system's authorities": {"--clb-ca-file", ""},
	} {
		t.Run(trusts, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			s.namespace = s.cluster.Namespace(t)
			env.StartManager(t, s.cluster, s.cloud, append(flags, "--watch-namespaces", s.namespace)...)
			object := s.certificate("web")
			s.create(s.secret("web-tls"), object)
			s.wait(object, "no way to the cloud", says(metav1.ConditionFalse, v1alpha1.ReasonCloudUnavailable))
			if calls := s.cloud.Calls(t); len(calls) != 0 {
				t.Errorf("it was asked all the same: %+v", calls)
			}
		})
	}
}
