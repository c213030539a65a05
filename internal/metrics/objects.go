package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Objects shows how each ServerCertificate is, at the time of a scrape: five series for each.
// A replica that doesn't lead shows none, so that a sum over replicas counts each object once.
type Objects struct {
	// Cache is where the objects are read.
	Cache client.Reader
	// Elected is closed when this replica leads.
	Elected <-chan struct{}
}

// objectLabels name the object: a scrape has to honour them, or its target's namespace wins.
var objectLabels = []string{"namespace", "name"}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, objectLabels, nil)
}

var (
	expiryDesc     = describe("certificate_expiry_timestamp_seconds", "When the certificate in the cloud ends, in seconds since 1970; absent where there is none.")
	readyDesc      = describe("certificate_ready", "1 where the object's condition Ready is True, else 0.")
	suspendedDesc  = describe("certificate_suspended", "1 where the object is suspended, else 0.")
	supersededDesc = describe("superseded_certificates", "Certificates in the cloud that newer ones of the object have superseded.")
	notServedDesc  = describe("bindings_not_served", "Bindings of the object that don't serve its certificate.")
)

// Describe tells the metrics' names.
func (o *Objects) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{expiryDesc, readyDesc, suspendedDesc, supersededDesc, notServedDesc} {
		descs <- desc
	}
}

// collectTimeout is far longer than to read the cache takes.
const collectTimeout = 5 * time.Second

// Collect reads all objects from the cache.
func (o *Objects) Collect(metrics chan<- prometheus.Metric) {
	select {
	case <-o.Elected:
	default:
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	var list v1alpha1.ServerCertificateList
	if err := o.Cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		metrics <- prometheus.NewInvalidMetric(readyDesc, err)
		return
	}
	for i := range list.Items {
		collect(metrics, &list.Items[i])
	}
}

// collect shows one object, which the cache owns.
func collect(metrics chan<- prometheus.Metric, object *v1alpha1.ServerCertificate) {
	gauge := func(desc *prometheus.Desc, value float64) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, object.Namespace, object.Name)
	}
	status := &object.Status
	gauge(readyDesc, oneIf(meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady)))
	gauge(suspendedDesc, oneIf(object.Spec.Suspend))
	gauge(supersededDesc, float64(len(status.Superseded)))
	gauge(notServedDesc, float64(notServed(object)))
	if status.CertificateID != "" && status.NotAfter != nil {
		gauge(expiryDesc, float64(status.NotAfter.Unix()))
	}
}

// notServed counts the spec's bindings that the status doesn't say to be ready.
func notServed(object *v1alpha1.ServerCertificate) int {
	ready := make(map[string]bool, len(object.Status.Bindings))
	for _, binding := range object.Status.Bindings {
		ready[binding.Name] = binding.Ready
	}
	missing := 0
	for _, binding := range object.Spec.Bindings {
		if !ready[binding.Name] {
			missing++
		}
	}
	return missing
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
