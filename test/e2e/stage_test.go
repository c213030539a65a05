package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	apiutil "github.com/cert-manager/cert-manager/pkg/api/util"
	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/hack/demo/issuer"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// stage is what one test plays on: a namespace, a cloud with a load balancer and an HTTPS
// listener that serves somebody's certificate, a manager, and cert-manager.
type stage struct {
	*testing.T
	cluster      *env.Cluster
	cloud        *env.Simulator
	namespace    string
	loadBalancer string
}

const port = 443

// patience is how long a certificate may take: of ACME's, cert-manager waits a minute when it
// has seen the record before it has it validated.
const patience = 3 * time.Minute

// setStage starts all of it; the flags are cert-manager's.
func setStage(t *testing.T, flags ...string) *stage {
	t.Helper()
	cluster := shared(t)
	s := &stage{T: t, cluster: cluster, cloud: env.StartSimulator(t), namespace: cluster.Namespace(t)}
	s.makeListener()
	issuer.StartCertManager(t, prepared.certManager, cluster, append([]string{"--namespace", s.namespace}, flags...)...)
	env.StartManager(t, cluster, s.cloud, "--watch-namespaces", s.namespace, "--cluster-id", "e2e")
	return s
}

func (s *stage) makeListener() {
	s.Helper()
	old := certs.NewLeaf(s.T)
	key, err := old.KeyPEM(certs.SEC1)
	if err != nil {
		s.Fatal(err)
	}
	console := cloud.New(s, s.cloud)
	s.loadBalancer = console.CreateLoadBalancer(s, "slb.s2.small", map[string]string{v1alpha1.TagNamespaces: s.namespace}, "")
	console.CreateHTTPSListener(s, s.loadBalancer, port, console.Upload(s, "by-hand", nil, old.ChainPEM(), key), "")
}

// apply applies manifests in which %n stands for the namespace.
func (s *stage) apply(manifests string) {
	s.Helper()
	s.cluster.Apply(s, strings.ReplaceAll(manifests, "%n", s.namespace))
}

// makeCA puts an authority with its key where a CA issuer reads it.
func (s *stage) makeCA(name string) {
	s.Helper()
	authority, err := certs.Make(certs.CommonName("Test Authority"), certs.CA())
	if err != nil {
		s.Fatal(err)
	}
	secret, err := authority.Secret(name, s.namespace)
	if err != nil {
		s.Fatal(err)
	}
	if err := s.cluster.Client.Create(s.Context(), secret); err != nil {
		s.Fatal(err)
	}
}

// caIssuer is an Issuer that signs with the Secret "authority".
const caIssuer = `apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: issuer
  namespace: %n
spec:
  ca:
    secretName: authority
`

// bind applies a ServerCertificate of the Secret "web-tls", bound to the listener, that
// keeps so many superseded certificates; it gives a watch of it.
func (s *stage) bind(keep int) *env.Watch[*v1alpha1.ServerCertificate] {
	s.Helper()
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web"}}
	watch := env.Observe(s, s.cluster, object)
	s.apply(fmt.Sprintf(`apiVersion: clbcert.dev/v1alpha1
kind: ServerCertificate
metadata:
  name: web
  namespace: %%n
spec:
  secretRef:
    name: web-tls
  revisionHistoryLimit: %d
  bindings:
    - name: default
      listener:
        loadBalancerID: %s
        port: %d
`, keep, s.loadBalancer, port))
	return watch
}

// isReady tells whether the object is Ready, for its present spec.
func isReady(o *v1alpha1.ServerCertificate) bool {
	c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Status == metav1.ConditionTrue && o.Status.ObservedGeneration == o.Generation
}

// renewed waits until the object is Ready with another certificate than before.
func (s *stage) renewed(watch *env.Watch[*v1alpha1.ServerCertificate], before string) *v1alpha1.ServerCertificate {
	s.Helper()
	return watch.WaitWithin(s, patience, "Ready, with another certificate than "+before, func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != before
	})
}

// renew asks for a renewal as "cmctl renew" does.
func (s *stage) renew(name string) {
	s.Helper()
	for {
		certificate := s.certificate(name)
		apiutil.SetCertificateCondition(certificate, certificate.Generation, cmapi.CertificateConditionIssuing, cmmeta.ConditionTrue,
			"ManuallyTriggered", "Certificate re-issuance manually triggered")
		err := s.cluster.Client.Status().Update(s.Context(), certificate)
		if err == nil {
			return
		}
		if !apierrors.IsConflict(err) { // cert-manager may be writing it still
			s.Fatalf("asking for a renewal: %v", err)
		}
	}
}

// certificate is a Certificate that is there and idle.
func (s *stage) certificate(name string) *cmapi.Certificate {
	s.Helper()
	object := &cmapi.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	return env.WaitFor(s, s.cluster, object, "Ready and not being issued", func(c *cmapi.Certificate) bool {
		return apiutil.CertificateHasCondition(c, cmapi.CertificateCondition{Type: cmapi.CertificateConditionReady, Status: cmmeta.ConditionTrue}) &&
			!apiutil.CertificateHasCondition(c, cmapi.CertificateCondition{Type: cmapi.CertificateConditionIssuing, Status: cmmeta.ConditionTrue})
	})
}

// serves is the ID of the certificate that the listener serves.
func (s *stage) serves() string {
	s.Helper()
	return cloud.New(s, s.cloud).Listener(s, s.loadBalancer, port).CertificateID
}

// bound are the IDs that the manager has set at the listener, one after the other.
func (s *stage) bound() []string {
	s.Helper()
	var ids []string
	for _, call := range s.ours("SetLoadBalancerHTTPSListenerAttribute") {
		ids = append(ids, call.Parameters["ServerCertificateId"])
	}
	return ids
}

// ours are the manager's calls of an action: the console has another agent.
func (s *stage) ours(action string) []env.SimulatedCall {
	s.Helper()
	var calls []env.SimulatedCall
	for _, call := range s.cloud.Calls(s, action) {
		if strings.HasPrefix(call.UserAgent, "clbcert/") {
			calls = append(calls, call)
		}
	}
	return calls
}

// barrier asks for a sync and waits until it was handled: what could happen by then has.
func (s *stage) barrier(watch *env.Watch[*v1alpha1.ServerCertificate]) *v1alpha1.ServerCertificate {
	s.Helper()
	request := time.Now().Format(time.RFC3339Nano)
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web"}}
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.AnnotationSyncRequestedAt, request)
	if err := s.cluster.Client.Patch(s.Context(), object, client.RawPatch("application/merge-patch+json", []byte(patch))); err != nil {
		s.Fatalf("asking for a sync: %v", err)
	}
	return watch.Wait(s, "handled sync request", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.LastHandledSyncRequest == request
	})
}

// checkHeld checks that the cloud holds a certificate with the fingerprint of the status.
func (s *stage) checkHeld(status v1alpha1.ServerCertificateStatus) {
	s.Helper()
	for _, held := range s.cloud.Certificates(s) {
		if held.ID == status.CertificateID {
			if held.Fingerprint != status.Fingerprint {
				s.Errorf("the cloud has %s with fingerprint %s, the status says %s", held.ID, held.Fingerprint, status.Fingerprint)
			}
			return
		}
	}
	s.Errorf("the cloud has no %s", status.CertificateID)
}
