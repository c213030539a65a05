package security

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// noWatchList has the manager list what it watches first, as of an API server that
// doesn't stream lists.
const noWatchList = "KUBE_FEATURE_WatchListClient=false"

// right is one thing that a role allows.
type right struct {
	role, namespace                string // namespace "" of a ClusterRole
	verb, group, resource, subject string // subject is the one name that it is for, or ""
}

func (r right) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s.%s %s", r.role, r.verb, r.resource, r.group, r.subject))
}

// allows tells whether a request is allowed by this.
func (r right) allows(a env.AuditedRequest) bool {
	resource := a.Object.Resource
	if a.Object.Subresource != "" {
		resource += "/" + a.Object.Subresource
	}
	return r.verb == a.Verb && r.group == a.Object.Group && r.resource == resource &&
		(r.namespace == "" || r.namespace == a.Object.Namespace) && (r.subject == "" || r.subject == a.Object.Name)
}

// rightsOf are those that the bindings of a user give, in the order in which the API server
// asks for them: ClusterRoles first.
func (s *stage) rightsOf(user string) []right {
	s.Helper()
	var everywhere rbacv1.ClusterRoleBindingList
	var inNamespaces rbacv1.RoleBindingList
	s.must(s.cluster.Client.List(s.Context(), &everywhere))
	s.must(s.cluster.Client.List(s.Context(), &inNamespaces))
	var rights []right
	for _, binding := range everywhere.Items {
		if isOf(binding.Subjects, user) {
			role := &rbacv1.ClusterRole{}
			s.must(s.cluster.Client.Get(s.Context(), client.ObjectKey{Name: binding.RoleRef.Name}, role))
			rights = append(rights, expand("ClusterRole "+role.Name, "", role.Rules)...)
		}
	}
	for _, binding := range inNamespaces.Items {
		if isOf(binding.Subjects, user) {
			role := &rbacv1.Role{}
			s.must(s.cluster.Client.Get(s.Context(), client.ObjectKey{Namespace: binding.Namespace, Name: binding.RoleRef.Name}, role))
			rights = append(rights, expand("Role "+binding.Namespace+"/"+role.Name, binding.Namespace, role.Rules)...)
		}
	}
	return rights
}

func isOf(subjects []rbacv1.Subject, user string) bool {
	return slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool {
		return s.Kind == rbacv1.ServiceAccountKind && "system:serviceaccount:"+s.Namespace+":"+s.Name == user
	})
}

// expand takes rules apart.
func expand(role, namespace string, rules []rbacv1.PolicyRule) []right {
	var rights []right
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, verb := range rule.Verbs {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, name := range names {
						rights = append(rights, right{role, namespace, verb, group, resource, name})
					}
				}
			}
		}
	}
	return rights
}

// checkRights compares the rights of the manager's user with its requests: none is refused,
// none unused.
func (s *stage) checkRights() {
	s.Helper()
	rights, requests := s.rightsOf(env.ServiceAccount), s.cluster.Audit(s, env.ServiceAccount)
	used := map[right]bool{}
	missing := map[string]bool{}
	for _, request := range requests {
		if request.Object == nil {
			continue // the API's discovery, which every user may read
		}
		i := slices.IndexFunc(rights, func(r right) bool { return r.allows(request) })
		if i < 0 || request.Status.Code == 403 {
			missing[fmt.Sprintf("%d: %s %+v", request.Status.Code, request.Verb, *request.Object)] = true
			continue
		}
		used[rights[i]] = true
	}
	for request := range maps.Keys(missing) {
		s.Errorf("no role allows %s", request)
	}
	for _, r := range rights {
		if !used[r] {
			s.Errorf("never used: %s", r)
		}
	}
	if len(rights) == 0 || len(requests) == 0 {
		s.Errorf("%d rights and %d requests: is it the right user?", len(rights), len(requests))
	}
}

// TestTheRolesAllowWhatTheManagerDoesAndNoMore goes through all that it does, with the
// rights of config/rbac and of the component config/credentials-map.
func TestTheRolesAllowWhatTheManagerDoesAndNoMore(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.StartAuditedCluster(t))
	s.cluster.Kubectl(t, "apply", "-f", filepath.Join(config, "credentials-map", "namespaces.yaml"))
	roles := filepath.Join(t.TempDir(), "map.yaml")
	s.must(os.WriteFile(roles, []byte("roles: [{namespaceSelector: {matchLabels: {team: shop}}, roleARN: 'acs:ram::1000000000000001:role/shop'}]"), 0o600))
	folder, authority := s.metricsCertificate()
	flags := []string{"--leader-elect", "--credentials-map", roles, "--metrics-secure", "--metrics-cert-dir", folder}

	first := env.ManagerOf(t, s.cluster, s.cloud, flags, []string{noWatchList})
	s.readMetrics(first, authority)
	s.story()
	tenant := *s
	tenant.namespace = s.cluster.Namespace(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: tenant.namespace}}
	tenant.update(namespace, func() { namespace.Labels = map[string]string{"team": "shop"} })
	object := tenant.certificate("web")
	tenant.create(tenant.secret("web-tls"), object)
	tenant.wait(object, "Ready", synced)
	if calls := s.cloud.Calls(t, "AssumeRole"); len(calls) != 1 {
		t.Errorf("%d roles were assumed, want 1", len(calls))
	}
	first.Stop(t)
	env.StartManager(t, s.cluster, s.cloud, flags...).Stop(t)
	s.checkRights()
}

// metricsCertificate makes a folder with a certificate for the metrics, and the authority to trust.
func (s *stage) metricsCertificate() (string, *x509.CertPool) {
	s.Helper()
	identity := certs.New(s.T, certs.Addresses(net.IPv4(127, 0, 0, 1)))
	key, err := identity.KeyPEM(certs.PKCS8)
	s.must(err)
	folder := s.TempDir()
	s.must(os.WriteFile(filepath.Join(folder, corev1.TLSCertKey), identity.ChainPEM(), 0o600))
	s.must(os.WriteFile(filepath.Join(folder, corev1.TLSPrivateKeyKey), key, 0o600))
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(identity.ChainPEM())
	return folder, authority
}

// readMetrics has the manager ask the API server who reads its metrics, and whether he may.
func (s *stage) readMetrics(manager *env.Manager, authority *x509.CertPool) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, strings.Replace(manager.MetricsURL, "http:", "https:", 1)+"/metrics", http.NoBody)
	s.must(err)
	request.Header.Set("Authorization", "Bearer "+s.cluster.Config.BearerToken)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport, Timeout: env.Patience}).Do(request)
	s.must(err)
	s.must(response.Body.Close())
	if response.StatusCode != http.StatusOK {
		s.Errorf("the metrics: %s", response.Status)
	}
}

// story has the manager do, in the stage's namespace, all that it asks the API server for.
func (s *stage) story() {
	s.Helper()
	loadBalancer, stranger := s.listener()
	service := s.service("web")
	object := s.certificate("web", toListener("listener", loadBalancer, ""),
		v1alpha1.Binding{Name: "service", Service: &v1alpha1.ServiceTarget{Name: "web"}},
		v1alpha1.Binding{Name: "service-sni", Service: &v1alpha1.ServiceTarget{Name: "web", Domain: "*.a.com"}})
	own := s.certificate("own")
	own.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: "aliyun"}
	s.create(service, object, s.secret("web-tls"), own, s.secret("own-tls"), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "aliyun"},
		StringData: map[string]string{"accessKeyID": env.AccessKeyID, "accessKeySecret": env.AccessKeySecret},
	})
	s.wait(own, "Ready", synced)
	s.wait(object, "bound to the listener", isBound("listener"))
	s.annotated(service, object)
	s.renew(object)
	s.wait(object, "the renewal bound to the listener", isBound("listener"))
	s.annotated(service, object)

	s.update(object, func() { object.Spec.Bindings = object.Spec.Bindings[:1] })
	s.wait(object, "Ready", bound)
	s.must(s.cluster.Client.Delete(s.Context(), service))
	cloud.New(s, s.cloud).SetListenerCertificate(s, loadBalancer, 443, stranger)
	for _, o := range []*v1alpha1.ServerCertificate{object, own} {
		s.must(s.cluster.Client.Delete(s.Context(), o))
		env.WaitGone(s, s.cluster, o)
	}
}
