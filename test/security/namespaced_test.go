package security

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/env"
)

// TestRolesAloneAreEnough takes the ClusterRoles away, and has the manager work under the
// Roles of config/namespaced.
func TestRolesAloneAreEnough(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.StartAuditedCluster(t))
	for _, kind := range []string{"clusterrolebinding", "clusterrole"} {
		s.cluster.Kubectl(t, "delete", kind, "clbcert-manager", "clbcert-metrics-auth")
	}
	s.cluster.Kubectl(t, "apply", "--server-side", "-k", filepath.Join(config, "namespaced"))
	s.cluster.Kubectl(t, "apply", "-n", s.namespace, "-k", filepath.Join(config, "namespaced", "watched"))
	rights := s.rightsOf(env.ServiceAccount)
	if i := slices.IndexFunc(rights, func(r right) bool { return r.namespace == "" }); i >= 0 {
		t.Fatalf("a ClusterRole is left: %s", rights[i])
	}

	flags := []string{"--leader-elect", "--watch-namespaces", s.namespace, "--cluster-id", "prod-1"}
	first := env.ManagerOf(t, s.cluster, s.cloud, flags, []string{noWatchList})
	s.story()
	first.Stop(t)
	second := env.StartManager(t, s.cluster, s.cloud, flags...)
	elsewhere := *s
	elsewhere.namespace = s.cluster.Namespace(t)
	unseen, seen := elsewhere.certificate("web"), s.certificate("again")
	elsewhere.create(elsewhere.secret("web-tls"), unseen)
	s.create(s.secret("again-tls"), seen)
	s.wait(seen, "Ready", synced)
	second.Stop(t)
	s.checkRights()
	s.must(s.cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(unseen), unseen))
	if len(unseen.Status.Conditions) != 0 {
		t.Errorf("an object of a namespace that isn't watched says %+v", unseen.Status)
	}
}

func TestTheNamespacedInstallAsksForItsNamespaces(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	manifests := s.rendered("namespaced")
	for name := range manifests {
		if strings.HasPrefix(name, "ClusterRole") {
			t.Errorf("it has the %s", name)
		}
	}
	container := s.podOf(manifests).Spec.Containers[0]
	for variable, flag := range map[string]string{"WATCH_NAMESPACES": "--watch-namespaces", "CLUSTER_ID": "--cluster-id"} {
		if !slices.Contains(container.Args, flag+"=$("+variable+")") {
			t.Errorf("%s isn't among %q", flag, container.Args)
		}
		i := slices.IndexFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == variable })
		if i < 0 || container.Env[i].ValueFrom.ConfigMapKeyRef.Optional != nil {
			t.Errorf("the pod would start without %s", variable)
		}
	}
}

// TestTheNamespacedRoleIsTheClusterRole keeps the copy the same as the generated rules.
func TestTheNamespacedRoleIsTheClusterRole(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	s.cluster.Kubectl(t, "apply", "-n", s.namespace, "-k", filepath.Join(config, "namespaced", "watched"))
	everywhere, here := &rbacv1.ClusterRole{}, &rbacv1.Role{}
	s.must(s.cluster.Client.Get(t.Context(), client.ObjectKey{Name: "clbcert-manager"}, everywhere))
	s.must(s.cluster.Client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "clbcert-manager"}, here))
	want := slices.DeleteFunc(everywhere.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "namespaces") })
	if !reflect.DeepEqual(here.Rules, want) {
		t.Errorf("config/namespaced/watched has\n%+v, config/rbac\n%+v", here.Rules, want)
	}
}
