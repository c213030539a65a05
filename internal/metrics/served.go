package metrics

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Served shows whether clients are shown the certificate that a binding's status says is served.
// What it shows goes by the objects at the time of a scrape: a binding that is gone, that isn't
// ready, or whose certificate is another by now, has no series.
type Served struct {
	// Cache is where the objects are read.
	Cache client.Reader

	mu    sync.Mutex
	looks map[Binding]look
}

// Binding names a binding of an object.
type Binding struct {
	Namespace, Name, Binding string
}

// look is what came of a look, and of which certificate.
type look struct {
	certificateID string
	matches       bool
}

var servedDesc = prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "served_certificate_match"),
	"1 where a TLS handshake showed the binding's certificate with its chain, 0 where it showed another; absent where that can't be told.",
	append(objectLabels, "binding"), nil)

// Saw notes whether a look showed the certificate of an ID.
func (s *Served) Saw(at Binding, certificateID string, matches bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looks == nil {
		s.looks = map[Binding]look{}
	}
	s.looks[at] = look{certificateID, matches}
}

// Forget drops a look, when the next one couldn't tell.
func (s *Served) Forget(at Binding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.looks, at)
}

// Keep forgets all bindings but these.
func (s *Served) Keep(bindings map[Binding]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.looks, func(at Binding, _ look) bool { return !bindings[at] })
}

// Describe tells the metric's name.
func (*Served) Describe(descs chan<- *prometheus.Desc) { descs <- servedDesc }

// Collect shows the looks at what is still so.
func (s *Served) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	s.mu.Lock()
	looks := maps.Clone(s.looks)
	s.mu.Unlock()
	for at, look := range looks {
		object := &v1alpha1.ServerCertificate{}
		err := s.Cache.Get(ctx, client.ObjectKey{Namespace: at.Namespace, Name: at.Name}, object, client.UnsafeDisableDeepCopy)
		if err != nil || object.Status.CertificateID != look.certificateID || !Promises(object, at.Binding) {
			continue // an object that can't be read is gone
		}
		metrics <- prometheus.MustNewConstMetric(servedDesc, prometheus.GaugeValue, oneIf(look.matches), at.Namespace, at.Name, at.Binding)
	}
}

// Promises tells whether an object's status says that a binding of its spec serves its
// certificate: only then is there something to hold it to.
func Promises(object *v1alpha1.ServerCertificate, binding string) bool {
	return object.DeletionTimestamp == nil && object.Status.Fingerprint != "" &&
		slices.ContainsFunc(object.Spec.Bindings, func(b v1alpha1.Binding) bool { return b.Name == binding }) &&
		slices.ContainsFunc(object.Status.Bindings, func(b v1alpha1.BindingStatus) bool { return b.Name == binding && b.Ready })
}
