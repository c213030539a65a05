package docs

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// least is a cloud with an access key that has the rights of one policy alone.
type least struct {
	*testing.T
	cluster   *env.Cluster
	simulator *env.Simulator
	namespace string
	key       env.SimulatedAccessKey
	granted   []string
}

// withPolicy takes a policy of docs/ram-policies.md, by its heading.
func withPolicy(t *testing.T, heading string) *least {
	t.Helper()
	page := readPage(t, "docs/ram-policies.md")
	l := &least{T: t, cluster: env.Shared(t), simulator: env.StartSimulator(t), key: env.SimulatedAccessKey{
		ID: "LTAI5tLeast", Secret: "least", Account: account,
	}}
	l.namespace = l.cluster.Namespace(t)
	l.granted = found(granting, page.section(t, "## Less").section(t, heading).text)
	for _, action := range found(granting, page.section(t, "## By feature").text) {
		if !slices.Contains(l.granted, action) {
			l.key.Denied = append(l.key.Denied, strings.TrimPrefix(strings.TrimPrefix(action, "slb:"), "sts:"))
		}
	}
	l.simulator.PutAccessKey(t, l.key)
	return l
}

// manage starts a manager with the policy's rights.
func (l *least) manage(flags ...string) {
	l.Helper()
	env.ManagerOf(l, l.cluster, l.simulator, append([]string{"--watch-namespaces", l.namespace}, flags...),
		[]string{"ALIBABA_CLOUD_ACCESS_KEY_ID=" + l.key.ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + l.key.Secret})
}

// renew puts another certificate into the Secret web-tls.
func (l *least) renew() *certs.Identity {
	l.Helper()
	identity := certs.NewLeaf(l.T, certs.Names("a.com", "*.a.com"))
	secret, err := yaml.Marshal(secretOf(l.T, identity, l.namespace))
	if err != nil {
		l.Fatal(err)
	}
	l.cluster.Apply(l, string(secret))
	return identity
}

// check checks that the policy's actions were called, each with success, and no others.
func (l *least) check() {
	l.Helper()
	called := []string{}
	for _, call := range l.simulator.Calls(l) {
		if call.AccessKeyID != l.key.ID || call.Action == "GetCallerIdentity" {
			continue
		}
		if called = append(called, "slb:"+call.Action); call.Outcome != "ok" {
			l.Errorf("%s was answered with %s", call.Action, call.Outcome)
		}
	}
	slices.Sort(called)
	slices.Sort(l.granted)
	if called = slices.Compact(called); !slices.Equal(called, l.granted) || len(l.key.Denied) == 0 {
		l.Errorf("called were\n%q, granted are\n%q, denied\n%q", called, l.granted, l.key.Denied)
	}
}

func TestServicesNeedTheirPolicyAndNoMore(t *testing.T) {
	t.Parallel()
	l := withPolicy(t, "### Services")
	ccm.Start(t, l.cluster, cloud.New(t, l.simulator), l.namespace)
	l.manage()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: l.namespace, Name: "web", Annotations: map[string]string{
			"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-protocol-port": "https:443",
		}},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 443}},
		},
	}
	if err := l.cluster.Client.Create(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	none := int32(0)
	object := apply(t, l.cluster, secretOf(t, certs.NewLeaf(t), l.namespace), v1alpha1.ServerCertificateSpec{
		RevisionHistoryLimit: &none,
		Bindings:             []v1alpha1.Binding{{Name: "web", Service: &v1alpha1.ServiceTarget{Name: "web"}}},
	})
	l.renew()
	env.WaitFor(t, l.cluster, object, "the renewal, and the old certificate deleted", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.CertificateID != object.Status.CertificateID && ready(o) && len(o.Status.Superseded) == 0
	})
	l.check()
}

func TestADryRunReadsAndNoMore(t *testing.T) {
	t.Parallel()
	l := withPolicy(t, "### Read only")
	operator := cloud.New(t, l.simulator)
	balancer := listener(t, operator, certs.NewLeaf(t))
	operator.TagLoadBalancer(t, balancer, map[string]string{v1alpha1.TagNamespaces: l.namespace})
	full := env.StartManager(t, l.cluster, l.simulator, "--watch-namespaces", l.namespace)
	object := apply(t, l.cluster, secretOf(t, certs.NewLeaf(t, certs.Names("a.com", "*.a.com")), l.namespace), v1alpha1.ServerCertificateSpec{})
	full.Stop(t)

	l.manage("--dry-run")
	l.cluster.Kubectl(t, "patch", "clbcert", "web", "-n", l.namespace, "--type=merge", "-p", `{"spec": {"bindings": [
		{"name": "https", "listener": {"loadBalancerID": "`+balancer+`", "port": 443}},
		{"name": "sni", "listener": {"loadBalancerID": "`+balancer+`", "port": 443, "domain": "*.a.com"}}]}}`)
	env.WaitFor(t, l.cluster, object, "what would be bound", func(o *v1alpha1.ServerCertificate) bool { return says(o, v1alpha1.ReasonDryRun, "would set listener") })
	l.renew()
	env.WaitFor(t, l.cluster, object, "what would be uploaded", func(o *v1alpha1.ServerCertificate) bool { return says(o, v1alpha1.ReasonDryRun, "would upload") })
	l.check()
}

// says tells whether Ready is False for the reason, with a message that has the words.
func says(o *v1alpha1.ServerCertificate, reason v1alpha1.Reason, words string) bool {
	for _, condition := range o.Status.Conditions {
		if condition.Type == v1alpha1.ConditionReady {
			return condition.Status == metav1.ConditionFalse && condition.Reason == string(reason) && strings.Contains(condition.Message, words)
		}
	}
	return false
}
