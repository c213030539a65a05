package security

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/env"
)

// rendered are the manifests of a folder of config, with components, by kind and name.
func (s *stage) rendered(base string, components ...string) map[string]string {
	s.Helper()
	folder, err := filepath.EvalSymlinks(s.TempDir())
	s.must(err)
	tree, err := filepath.Abs(config)
	s.must(err)
	from, err := filepath.Rel(folder, tree)
	s.must(err)
	overlay := "resources: [" + from + "/" + base + "]\ncomponents:\n"
	for _, component := range components {
		overlay += "- " + from + "/" + component + "\n"
	}
	s.must(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(overlay), 0o600))
	manifests := map[string]string{}
	for document := range strings.SplitSeq(s.cluster.Kubectl(s, "kustomize", folder), "\n---\n") {
		var object metav1.PartialObjectMetadata
		s.must(yaml.Unmarshal([]byte(document), &object))
		manifests[object.Kind+" "+object.Name] = document
	}
	return manifests
}

// read takes a manifest as what it is.
func read[T any](s *stage, manifests map[string]string, name string) *T {
	s.Helper()
	object := new(T)
	if manifests[name] == "" {
		s.Fatalf("there is no %s", name)
	}
	s.must(yaml.UnmarshalStrict([]byte(manifests[name]), object))
	return object
}

// podOf is the Deployment's pod, in the stage's namespace.
func (s *stage) podOf(manifests map[string]string) *corev1.Pod {
	s.Helper()
	template := read[appsv1.Deployment](s, manifests, "Deployment clbcert-manager").Spec.Template
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "manager", Labels: template.Labels, Annotations: template.Annotations},
		Spec:       template.Spec,
	}
}

// restrict has the stage's namespace enforce the labels of the manager's own.
func (s *stage) restrict(manifests map[string]string) {
	s.Helper()
	own := read[corev1.Namespace](s, manifests, "Namespace clbcert-system")
	if own.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		s.Errorf("the namespace enforces %v", own.Labels)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace}}
	s.update(namespace, func() { namespace.Labels = own.Labels })
}

func TestThePodIsTakenWhereRestrictedIsEnforced(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	for base, components := range map[string][]string{
		"default": nil, "namespaced": nil, "default with components": {"credentials-map", "network-policy"},
	} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, cluster)
			folder, _, _ := strings.Cut(base, " ")
			manifests := s.rendered(folder, components...)
			s.restrict(manifests)
			pod := s.podOf(manifests)
			s.must(cluster.Client.Create(t.Context(), pod.DeepCopy(), client.DryRunAll))
			s.checkWeaker(pod)
			s.checkPod(pod.Spec)
			for name, manifest := range manifests {
				if _, err := cluster.TryKubectl(t.Context(), strings.NewReader(manifest), "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"); err != nil {
					t.Errorf("%s isn't taken: %v", name, err)
				}
			}
		})
	}
}

// checkWeaker checks that the pod would be refused with anything less.
func (s *stage) checkWeaker(pod *corev1.Pod) {
	s.Helper()
	yes := true
	for what, weaken := range map[string]func(*corev1.PodSpec){
		"runAsNonRoot": func(p *corev1.PodSpec) {
			p.SecurityContext.RunAsNonRoot, p.Containers[0].SecurityContext.RunAsNonRoot = nil, nil
		},
		"seccompProfile":           func(p *corev1.PodSpec) { p.SecurityContext.SeccompProfile = nil },
		"capabilities":             func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Capabilities = nil },
		"allowPrivilegeEscalation": func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes },
		"host namespaces":          func(p *corev1.PodSpec) { p.HostNetwork = true },
	} {
		weak := pod.DeepCopy()
		weaken(&weak.Spec)
		err := s.cluster.Client.Create(s.Context(), weak, client.DryRunAll)
		if err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted:`) || !strings.Contains(err.Error(), what) {
			s.Errorf("with a weaker %s: %v", what, err)
		}
	}
}

// checkPod checks what the standard doesn't ask for.
func (s *stage) checkPod(pod corev1.PodSpec) {
	s.Helper()
	for _, container := range pod.Containers {
		security, resources := container.SecurityContext, container.Resources
		if security.ReadOnlyRootFilesystem == nil || !*security.ReadOnlyRootFilesystem {
			s.Errorf("%s may write its root file system", container.Name)
		}
		if resources.Limits.Memory().IsZero() || resources.Requests.Memory().IsZero() || resources.Requests.Cpu().IsZero() {
			s.Errorf("%s asks for %+v", container.Name, resources)
		}
		for _, mount := range container.VolumeMounts {
			if !mount.ReadOnly {
				s.Errorf("%s may write %s", container.Name, mount.MountPath)
			}
		}
	}
}

func TestOnlyThePodGetsAToken(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	manifests := s.rendered("default")
	account := read[corev1.ServiceAccount](s, manifests, "ServiceAccount clbcert-manager")
	if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
		t.Error("every pod of the ServiceAccount gets a token")
	}
	pod := s.podOf(manifests).Spec
	if pod.AutomountServiceAccountToken == nil || !*pod.AutomountServiceAccountToken || pod.ServiceAccountName != account.Name {
		t.Errorf("the pod doesn't ask for its token: %+v", pod)
	}
}

func TestTheNetworkPolicyIsForTheManagersPod(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	manifests := s.rendered("default", "network-policy")
	policy := read[networkingv1.NetworkPolicy](s, manifests, "NetworkPolicy clbcert-manager").Spec
	pod := s.podOf(manifests)
	chosen, err := metav1.LabelSelectorAsSelector(&policy.PodSelector)
	s.must(err)
	if !chosen.Matches(labels.Set(pod.Labels)) || chosen.Empty() {
		t.Errorf("the policy is for %s, the pod has %v", chosen, pod.Labels)
	}
	if !slices.Equal(policy.PolicyTypes, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}) {
		t.Errorf("it is about %v", policy.PolicyTypes)
	}
	var to, from []string
	for _, rule := range policy.Egress {
		for _, port := range rule.Ports {
			to = append(to, fmt.Sprint(*port.Protocol, " ", port.Port))
		}
	}
	for _, rule := range policy.Ingress {
		if len(rule.From) == 0 {
			t.Error("everybody may read the metrics")
		}
		for _, port := range rule.Ports {
			from = append(from, port.Port.String())
		}
	}
	if want := []string{"UDP 53", "TCP 53", "TCP 443", "TCP 6443"}; !slices.Equal(to, want) {
		t.Errorf("it lets out %q, want %q", to, want)
	}
	ports := pod.Spec.Containers[0].Ports
	if !slices.Equal(from, []string{"metrics"}) || !slices.ContainsFunc(ports, func(p corev1.ContainerPort) bool { return p.Name == "metrics" }) {
		t.Errorf("it lets in %q, the pod has %+v", from, ports)
	}
}
