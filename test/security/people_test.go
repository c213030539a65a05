package security

import (
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/env"
)

// aggregated gives a ClusterRole's rules as the aggregating controller, which doesn't run
// here, fills them in.
func (s *stage) aggregated(role string) []rbacv1.PolicyRule {
	s.Helper()
	var all rbacv1.ClusterRoleList
	s.must(s.cluster.Client.List(s.Context(), &all))
	i := slices.IndexFunc(all.Items, func(r rbacv1.ClusterRole) bool { return r.Name == role })
	if i < 0 {
		s.Fatalf("there is no ClusterRole %s", role)
	}
	rules := all.Items[i].Rules
	if all.Items[i].AggregationRule == nil {
		return rules
	}
	for _, chosen := range all.Items[i].AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&chosen)
		s.must(err)
		for _, part := range all.Items {
			if part.Name != role && selector.Matches(labels.Set(part.Labels)) {
				rules = append(rules, s.aggregated(part.Name)...)
			}
		}
	}
	return rules
}

// person gives a fresh user the rules in the stage's namespace.
func (s *stage) person(rules []rbacv1.PolicyRule) string {
	s.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{GenerateName: "person-", Namespace: s.namespace}, Rules: rules}
	s.create(role)
	s.create(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name, Namespace: s.namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: role.Name}},
	})
	return role.Name
}

// may asks the API server whether a user may do something with ServerCertificates.
func (s *stage) may(user, verb, subresource string) bool {
	s.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: s.namespace, Verb: verb, Group: "clbcert.dev", Resource: "servercertificates", Subresource: subresource,
		},
	}}
	s.must(s.cluster.Client.Create(s.Context(), review))
	return review.Status.Allowed
}

var (
	reads  = []string{"get", "list", "watch"}
	writes = []string{"create", "update", "patch", "delete", "deletecollection"}
)

func TestPeopleWithEditMayReadAndNotWrite(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	s.create(s.certificate("web"))
	for role, allowed := range map[string][]string{
		"view": reads, "edit": reads, "admin": reads,
		"clbcert-view": reads, "clbcert-edit": slices.Concat(reads, writes),
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			s := s.in(t)
			user := s.person(s.aggregated(role))
			s.poll("the role's rights", func() bool { return s.may(user, "get", "") })
			for _, verb := range slices.Concat(reads, writes) {
				if got, want := s.may(user, verb, ""), slices.Contains(allowed, verb); got != want {
					t.Errorf("may %s: %t, want %t", verb, got, want)
				}
				if verb != "get" && s.may(user, verb, "status") {
					t.Errorf("may %s the status", verb)
				}
			}
			s.tryAs(user, slices.Contains(allowed, "create"))
		})
	}
}

// tryAs has a user read, create, change and delete.
func (s *stage) tryAs(user string, mayWrite bool) {
	s.Helper()
	kubeconfig := s.cluster.KubeconfigOf(s, user)
	kubectl := func(input string, args ...string) error {
		_, err := s.cluster.TryKubectl(s.Context(), strings.NewReader(input), append([]string{"--kubeconfig", kubeconfig, "-n", s.namespace}, args...)...)
		return err
	}
	s.must(kubectl("", "get", "clbcert", "web"))
	for what, err := range map[string]error{
		"create": kubectl("apiVersion: clbcert.dev/v1alpha1\nkind: ServerCertificate\nmetadata: {name: "+user+"}\nspec: {secretRef: {name: a}}", "create", "-f", "-"),
		"patch":  kubectl("", "annotate", "clbcert", "web", user+"=true"),
		"delete": kubectl("", "delete", "clbcert", "web", "--dry-run=server"),
	} {
		refused := err != nil && strings.Contains(err.Error(), "is forbidden")
		if refused == mayWrite || (mayWrite && err != nil) {
			s.Errorf("%s as a user with these rights: %v", what, err)
		}
	}
}

// The roles of config/rbac are what the test above takes them for.
func TestOnlyViewIsAggregated(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	for role, want := range map[string]map[string]string{
		"clbcert-view": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}, "clbcert-edit": nil, "clbcert-manager": nil,
	} {
		found := &rbacv1.ClusterRole{}
		s.must(s.cluster.Client.Get(t.Context(), client.ObjectKey{Name: role}, found))
		for label, value := range found.Labels {
			if strings.HasPrefix(label, "rbac.authorization.k8s.io/aggregate-to-") && want[label] != value {
				t.Errorf("%s has the label %s=%s", role, label, value)
			}
		}
	}
}
