package env_test

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) { os.Exit(env.Run(m)) }

func TestClusterServesTheProjectsKind(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	namespace := cluster.Namespace(t)
	cluster.Apply(t, `
apiVersion: clbcert.dev/v1alpha1
kind: ServerCertificate
metadata: {name: web, namespace: `+namespace+`}
spec: {secretRef: {name: web-tls}}
`)
	if got := cluster.Kubectl(t, "get", "clbcert", "-n", namespace, "-o", "name"); got != "servercertificate.clbcert.dev/web\n" {
		t.Errorf("kubectl get gave %q", got)
	}
	_, err := cluster.TryKubectl(t.Context(), strings.NewReader(""), "get", "clbcert", "other", "-n", namespace)
	if err == nil || !strings.Contains(err.Error(), `"other" not found`) {
		t.Errorf("a missing object gave error %v", err)
	}
}

func TestManagersUserHasOnlyItsRights(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	_, err := cluster.TryKubectl(t.Context(), strings.NewReader(""),
		"--kubeconfig", cluster.ManagerKubeconfig, "get", "nodes")
	if err == nil || !strings.Contains(err.Error(), env.ServiceAccount) {
		t.Errorf("listing nodes gave error %v, want a refusal of %s", err, env.ServiceAccount)
	}
}

func TestWatchSeesWhatComesOfAnAct(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "facts", Namespace: cluster.Namespace(t)}}
	watch := env.Observe(t, cluster, object)

	for _, colour := range []string{"red", "green"} {
		change := object.DeepCopy()
		change.Data = map[string]string{"colour": colour}
		var err error
		if colour == "red" {
			err = cluster.Client.Create(t.Context(), change)
		} else {
			err = cluster.Client.Update(t.Context(), change)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(colour string) func(*corev1.ConfigMap) bool {
		return func(c *corev1.ConfigMap) bool { return c.Data["colour"] == colour }
	}
	watch.Wait(t, "red", is("red")) // although it is green already
	watch.Wait(t, "green", is("green"))
	env.WaitFor(t, cluster, object, "green", is("green"))

	if err := cluster.Client.Delete(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	watch.WaitGone(t)
	env.WaitGone(t, cluster, object)
}
