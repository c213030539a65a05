package plugin

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// stage is what one script plays on: a namespace and a cloud of its own.
type stage struct {
	testing.TB
	cluster   *env.Cluster
	cloud     *env.Simulator
	console   *cloud.Client
	namespace string
	// names are what changing things are called in the script's output, counts how many of each.
	names  map[string]string
	counts map[string]int
}

type stageKey struct{}

// clusterID is that of the scripts' managers.
const clusterID = "scripts"

// setStage gives a script its stage, and the variables by which kubectl and the plugin find it:
// NAMESPACE, and those of the cloud and its access key.
func setStage(cluster *env.Cluster, e *testscript.Env) error {
	tb, ok := e.T().(testing.TB)
	if !ok {
		return fmt.Errorf("a script's T is a %T", e.T())
	}
	s := &stage{TB: tb, cluster: cluster, cloud: env.StartSimulator(tb), namespace: cluster.Namespace(tb), counts: map[string]int{}}
	s.console = cloud.New(tb, s.cloud)
	e.Values[stageKey{}] = s
	bin := filepath.Join(e.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	plugin := env.Program(tb, "kubectl-clbcert")
	for name, path := range map[string]string{"kubectl": cluster.KubectlPath(), "kubectl-clbcert": plugin, "kubectl_complete-clbcert": plugin} {
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	kubeconfig, err := s.kubeconfig(cluster.Kubeconfig, e.WorkDir)
	if err != nil {
		return err
	}
	e.Vars = append(e.Vars, cluster.KubectlEnv()...)
	e.Setenv("KUBECONFIG", kubeconfig)
	e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
	for name, value := range s.variables() {
		e.Setenv(name, value)
	}
	return nil
}

// passed are the names of variables.
var passed = slices.Sorted(maps.Keys((&stage{cloud: &env.Simulator{}}).variables()))

// variables are those by which the plugin finds the cloud, and the script its namespace.
func (s *stage) variables() map[string]string {
	return map[string]string{
		"NAMESPACE": s.namespace, "TERM": "xterm",
		"CLBCERT_CLB_ENDPOINT": s.cloud.URL, "CLBCERT_STS_ENDPOINT": s.cloud.URL, "CLBCERT_CLB_CA_FILE": s.cloud.CAFile,
		"CLBCERT_REGION": env.Region, "CLBCERT_CLUSTER_ID": clusterID,
		"ALIBABA_CLOUD_ACCESS_KEY_ID": env.AccessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": env.AccessKeySecret,
	}
}

// kubeconfig is a copy whose context has the script's namespace.
func (s *stage) kubeconfig(file, folder string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	own := filepath.Join(folder, ".kubeconfig")
	if err := os.WriteFile(own, text, 0o600); err != nil {
		return "", err
	}
	_, err = s.cluster.TryKubectl(s.Context(), nil, "--kubeconfig", own, "config", "set-context", "--current", "--namespace", s.namespace)
	return own, err
}

// of is a script's stage.
func of(ts *testscript.TestScript) *stage {
	s, ok := ts.Value(stageKey{}).(*stage)
	if !ok {
		ts.Fatalf("the script has no stage")
	}
	return s
}

// runManager is "manager [flags]": it runs for the script's namespace.
func runManager(ts *testscript.TestScript, _ bool, flags []string) {
	s := of(ts)
	env.StartManager(s, s.cluster, s.cloud, append([]string{"--watch-namespaces", s.namespace, "--cluster-id", clusterID}, flags...)...)
}

// actAs is "user NAME": from here on kubectl and the plugin act as that user, who has no rights
// but those that the script grants, and no credentials of the cloud.
func actAs(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	file, err := s.kubeconfig(s.cluster.KubeconfigOf(s, args[0]), ts.MkAbs("."))
	ts.Check(err)
	ts.Setenv("KUBECONFIG", file)
	for _, name := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"} {
		ts.Setenv(name, "")
	}
}

// putSecret is "secret NAME DOMAIN…": it makes a TLS Secret with a new certificate, or renews it.
func putSecret(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	fresh, err := certs.NewLeaf(s, certs.Names(args[1:]...)).Secret(args[0], s.namespace)
	ts.Check(err)
	err = s.cluster.Client.Create(s.Context(), fresh)
	if apierrors.IsAlreadyExists(err) {
		err = s.cluster.Client.Update(s.Context(), fresh)
	}
	ts.Check(err)
}

// makeLoadBalancer is "balancer VARIABLE": a load balancer that the namespace may bind.
func makeLoadBalancer(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	ts.Setenv(args[0], s.console.CreateLoadBalancer(s, "slb.s2.small", map[string]string{v1alpha1.TagNamespaces: s.namespace}, ""))
}

// makeListener is "listener LOADBALANCER PORT CERTIFICATE": an HTTPS listener that serves the certificate.
func makeListener(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	port, err := strconv.Atoi(args[1])
	ts.Check(err)
	s.console.CreateHTTPSListener(s, args[0], port, args[2], "")
}

// uploadByHand is "upload VARIABLE NAME DOMAIN|SECRET [TAG=VALUE]…": a certificate that somebody
// uploaded: a Secret's where there is one of that name, else a new one.
func uploadByHand(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	chain, key, err := s.pair(args[2])
	ts.Check(err)
	tags := map[string]string{}
	for _, tag := range args[3:] {
		name, value, _ := strings.Cut(tag, "=")
		tags[name] = value
	}
	ts.Setenv(args[0], s.console.Upload(s, args[1], tags, chain, key))
}

func (s *stage) pair(name string) (chain, key []byte, err error) {
	secret := &corev1.Secret{}
	switch err := s.cluster.Client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, secret); {
	case err == nil:
		pair, problem := tlspair.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
		if problem != nil {
			return nil, nil, errors.New(problem.Message)
		}
		return []byte(pair.ChainPEM()), []byte(pair.PrivateKeyPEM()), nil
	case !apierrors.IsNotFound(err):
		return nil, nil, err
	}
	identity := certs.NewLeaf(s, certs.Names(name))
	key, err = identity.KeyPEM(certs.SEC1)
	return identity.ChainPEM(), key, err
}

// awaitReady is "ready NAME": until the object is Ready for its present spec.
func awaitReady(ts *testscript.TestScript, _ bool, args []string) {
	await(ts, args[0], "Ready", func(o *v1alpha1.ServerCertificate) bool {
		return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady) && o.Status.ObservedGeneration == o.Generation
	})
}

// awaitSettled is "settled NAME REASON": until Ready has the reason.
func awaitSettled(ts *testscript.TestScript, _ bool, args []string) {
	await(ts, args[0], "Ready with reason "+args[1], func(o *v1alpha1.ServerCertificate) bool {
		ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return ready != nil && ready.Reason == args[1] && o.Status.ObservedGeneration == o.Generation
	})
}

func await(ts *testscript.TestScript, name, what string, holds func(*v1alpha1.ServerCertificate) bool) {
	s := of(ts)
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	env.WaitFor(s, s.cluster, object, what, holds)
}

// setFaults is "fault [ACTION=CODE]…": what the cloud answers from here on; none without.
func setFaults(ts *testscript.TestScript, _ bool, faults []string) {
	s := of(ts)
	s.cloud.SetFaults(s, faults...)
}

// apply is "apply FILE": it applies manifests in which $NAME stands for the script's variable.
func apply(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	manifests := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	_, err := s.cluster.TryKubectl(s.Context(), strings.NewReader(manifests), "--namespace", s.namespace, "apply", "-f", "-")
	ts.Check(err)
}

// count is "count N ACTION": the cloud was called so often for it.
func count(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	if calls := s.cloud.Calls(s, args[1]); fmt.Sprint(len(calls)) != args[0] {
		ts.Fatalf("%d calls of %s, want %s", len(calls), args[1], args[0])
	}
}

// runCCM is "ccm": a cloud controller manager for the script's namespace.
func runCCM(ts *testscript.TestScript, _ bool, _ []string) {
	s := of(ts)
	ccm.Start(s, s.cluster, s.console, s.namespace)
}
