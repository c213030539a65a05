package docs

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/env"
)

// system is the namespace of an installation.
const system = "clbcert-system"

// account is the simulator's.
const account = "1000000000000001"

// deployed starts the manager as the Deployment in the cluster says: nothing here runs pods.
// Of its flags only the addresses are others, as several managers share this machine.
func deployed(t *testing.T, cluster *env.Cluster, cloud *env.Simulator) *env.Manager {
	t.Helper()
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: "clbcert-manager"}}
	get(t, cluster, deployment)
	pod := deployment.Spec.Template.Spec
	container := pod.Containers[0]
	flags := []string{"--region="} // the Deployment's, if it has one
	for _, flag := range container.Args {
		if !strings.HasPrefix(flag, "--health-probe-bind-address=") && !strings.HasPrefix(flag, "--metrics-bind-address=") {
			flags = append(flags, flag)
		}
	}
	variables := []string{"ALIBABA_CLOUD_ACCESS_KEY_ID=", "ALIBABA_CLOUD_ACCESS_KEY_SECRET="}
	variables = append(variables, variablesOf(t, cluster, container)...)
	return env.ManagerOf(t, cluster, cloud, flags, append(variables, injected(t, cluster, pod.ServiceAccountName)...))
}

// variablesOf are the variables that the kubelet gives the container.
func variablesOf(t *testing.T, cluster *env.Cluster, container corev1.Container) []string {
	t.Helper()
	var variables []string
	for _, variable := range container.Env {
		if from := variable.ValueFrom; from != nil {
			if from.FieldRef == nil || from.FieldRef.FieldPath != "metadata.namespace" {
				t.Fatalf("%s comes from %+v", variable.Name, from)
			}
			variable.Value = system
		}
		variables = append(variables, variable.Name+"="+variable.Value)
	}
	for _, from := range container.EnvFrom {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: from.SecretRef.Name}}
		err := cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(secret), secret)
		if err := client.IgnoreNotFound(err); err != nil || !*from.SecretRef.Optional {
			t.Fatalf("reading the variables from %s: %v", secret.Name, err)
		}
		for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
			variables = append(variables, key+"="+string(secret.Data[key]))
		}
	}
	return variables
}

// injected are the variables that ack-pod-identity-webhook gives the pods of a
// ServiceAccount: in a namespace with its label, for the role of its annotation.
func injected(t *testing.T, cluster *env.Cluster, name string) []string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: system}}
	serviceAccount := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: name}}
	get(t, cluster, namespace)
	get(t, cluster, serviceAccount)
	role := serviceAccount.Annotations["pod-identity.alibabacloud.com/role-name"]
	if namespace.Labels["pod-identity.alibabacloud.com/injection"] != "on" || role == "" {
		return nil
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"sts.aliyuncs.com"}}}
	if err := cluster.Client.SubResource("token").Create(t.Context(), serviceAccount, request); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(request.Status.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"ALIBABA_CLOUD_ROLE_ARN=acs:ram::" + account + ":role/" + role,
		"ALIBABA_CLOUD_OIDC_PROVIDER_ARN=acs:ram::" + account + ":oidc-provider/ack-rrsa-c0123456789",
		"ALIBABA_CLOUD_OIDC_TOKEN_FILE=" + file,
	}
}

// get reads an object as it is now.
func get(t *testing.T, cluster *env.Cluster, object client.Object) {
	t.Helper()
	if err := cluster.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
}

// tree is a folder with a copy of the manifests that pages name.
func tree(t *testing.T) string {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"config", "docs/examples"} {
		if err := os.CopyFS(filepath.Join(folder, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
