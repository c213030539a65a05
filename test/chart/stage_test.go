package chart

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// stage is what one test plays on: a cluster of its own that nothing is installed in, and a cloud.
type stage struct {
	*testing.T
	cluster *env.Cluster
	cloud   *env.Simulator
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{T: t, cluster: env.StartAuditedCluster(t), cloud: env.StartSimulator(t)}
	// The namespace stays: the control plane has nothing that would empty it.
	objects := slices.DeleteFunc(kustomized(t, []string{"crd", "rbac"}), func(o object) bool { return o["kind"] == "Namespace" })
	if _, err := s.cluster.TryKubectl(t.Context(), strings.NewReader(manifest(t, objects)), "delete", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	return s
}

// must ends the test on an error.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// deployed is the manager as its Deployment has it.
type deployed struct {
	*env.Manager

	user string
}

// deploy does a kubelet's work: it starts the manager as the one Deployment of the cluster says, with a token of its
// ServiceAccount. The addresses are the test's, and so are the cloud's.
func (s *stage) deploy() *deployed {
	s.Helper()
	text := s.cluster.Kubectl(s, "get", "deployment", "-n", standard.namespace, "clbcert-manager", "-o", "yaml")
	objects, err := parse(text)
	s.must(err)
	pod := deploymentOf(s.T, objects[0]).Spec.Template.Spec
	container := pod.Containers[0]
	resolve(&container, s.configMaps())
	var flags []string
	for _, argument := range container.Args {
		switch {
		case strings.HasPrefix(argument, "--metrics-bind-address="):
			flags = append(flags, "--metrics-secure") // by default, but on loopback
		case strings.HasPrefix(argument, "--metrics-cert-dir="):
			flags = append(flags, "--metrics-cert-dir", s.mounted(pod, strings.TrimPrefix(argument, "--metrics-cert-dir=")))
		case !strings.HasPrefix(argument, "--health-probe-bind-address="):
			flags = append(flags, argument)
		}
	}
	flags = append(flags, "--kubeconfig", s.kubeconfig(pod.ServiceAccountName))
	manager := env.ManagerOf(s, s.cluster, s.cloud, flags, []string{"POD_NAMESPACE=" + standard.namespace})
	return &deployed{manager, "system:serviceaccount:" + standard.namespace + ":" + pod.ServiceAccountName}
}

// mounted is a folder with what the pod has of a Secret at a path.
func (s *stage) mounted(pod corev1.PodSpec, path string) string {
	s.Helper()
	mounts := pod.Containers[0].VolumeMounts
	mount := slices.IndexFunc(mounts, func(m corev1.VolumeMount) bool { return m.MountPath == path })
	if mount < 0 {
		s.Fatalf("nothing is mounted at %s: %+v", path, mounts)
	}
	volume := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mounts[mount].Name })
	secret := &corev1.Secret{}
	s.must(s.cluster.Client.Get(s.Context(), client.ObjectKey{Namespace: standard.namespace, Name: pod.Volumes[volume].Secret.SecretName}, secret))
	folder := s.TempDir()
	for name, content := range secret.Data {
		s.must(os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	return folder
}

// configMaps are the entries of those in the manager's namespace.
func (s *stage) configMaps() map[string]string {
	s.Helper()
	var list corev1.ConfigMapList
	s.must(s.cluster.Client.List(s.Context(), &list, client.InNamespace(standard.namespace)))
	entries := map[string]string{}
	for _, m := range list.Items {
		for key, value := range m.Data {
			entries[m.Name+"."+key] = value
		}
	}
	return entries
}

// token is one of a ServiceAccount beside the manager.
func (s *stage) token(serviceAccount string) string {
	s.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: standard.namespace, Name: serviceAccount}}
	request := &authenticationv1.TokenRequest{}
	s.must(s.cluster.Client.SubResource("token").Create(s.Context(), account, request))
	return request.Status.Token
}

// kubeconfig is a file that connects by a token of a ServiceAccount, as the pod has one.
func (s *stage) kubeconfig(serviceAccount string) string {
	s.Helper()
	file := filepath.Join(s.TempDir(), "kubeconfig")
	s.must(clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{"a": {Server: s.cluster.Config.Host, CertificateAuthorityData: s.cluster.Config.CAData}},
		AuthInfos:      map[string]*api.AuthInfo{"a": {Token: s.token(serviceAccount)}},
		Contexts:       map[string]*api.Context{"a": {Cluster: "a", AuthInfo: "a"}},
		CurrentContext: "a",
	}, file))
	return file
}

// nothingForbidden checks that the API server refused the manager nothing, and was asked by that user at all.
func (s *stage) nothingForbidden(manager *deployed) {
	s.Helper()
	requests := s.cluster.Audit(s, manager.user)
	if len(requests) == 0 {
		s.Errorf("%s asked for nothing: is it the right user?", manager.user)
	}
	for _, request := range requests {
		if request.Status.Code == 401 || request.Status.Code == 403 {
			s.Errorf("refused: %s %s", request.Verb, request.URI)
		}
	}
	if strings.Contains(manager.Log(), "forbidden") {
		s.Errorf("the manager's log:\n%s", manager.Log())
	}
}

// certificate makes a Secret and a ServerCertificate of it, and waits until that is Ready.
func (s *stage) certificate(namespace, name string) *v1alpha1.ServerCertificate {
	s.Helper()
	secret, err := certs.NewLeaf(s.T).Secret(name+"-tls", namespace)
	s.must(err)
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: secret.Name}},
	}
	s.must(s.cluster.Client.Create(s.Context(), secret))
	s.must(s.cluster.Client.Create(s.Context(), object))
	return s.ready(object)
}

func (s *stage) ready(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	return env.WaitFor(s, s.cluster, object, "Ready", func(o *v1alpha1.ServerCertificate) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == o.Generation
	})
}

// run runs commands in a folder of the tree's layout, with helm and kubectl at hand.
func (s *stage) run(folder, commands string) string {
	s.Helper()
	home, err := filepath.EvalSymlinks(s.TempDir())
	s.must(err)
	self, err := os.Executable()
	s.must(err)
	s.must(os.Symlink(self, filepath.Join(home, "helm")))
	s.must(os.Symlink(s.cluster.KubectlPath(), filepath.Join(home, "kubectl")))
	ctx, cancel := context.WithTimeout(s.Context(), 2*env.Patience)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", commands)
	shell.Dir = folder
	shell.Env = append([]string{"HOME=" + home, "PATH=" + home + ":" + os.Getenv("PATH")}, s.cluster.KubectlEnv()...)
	output, err := shell.CombinedOutput()
	if err != nil {
		s.Fatalf("%s\n%v\n%s", commands, err, output)
	}
	return string(output)
}
