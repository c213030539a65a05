// Package metrics counts what the manager does, and shows how its objects are, for
// Prometheus. It decides nothing and calls nobody; docs/monitoring.md describes each metric.
package metrics

import (
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/version"
)

// namespace begins the name of every metric.
const namespace = "clbcert"

// Where a Secret's change arrives: in the cloud, and at all listeners of the object's bindings.
const (
	ToCertificate = "certificate"
	ToBinding     = "binding"
)

// Recorder has the metrics that are counted as things happen. The zero value isn't usable.
type Recorder struct {
	uploads     *prometheus.CounterVec
	calls       *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	used, limit *prometheus.GaugeVec
	propagation *prometheus.HistogramVec

	quota float64
	mu    sync.Mutex
	codes map[string]bool // those that have a label's value of their own
}

// New registers the metrics. certificateQuota is how many certificates an account may have in a
// region, which the API doesn't tell.
func New(registry prometheus.Registerer, certificateQuota int) (*Recorder, error) {
	r := &Recorder{
		quota: float64(certificateQuota), codes: map[string]bool{},
		uploads: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "uploads_total",
			Help: "UploadServerCertificate calls, by region and result: success, refused, or unknown where the call may have made a certificate."},
			[]string{"region", "result"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: "cloud_calls_total",
			Help: "Calls to the cloud, by action, error code (OK without one, none where no answer had one) and class of the error (ok without one)."},
			[]string{"action", "code", "class"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "cloud_call_duration_seconds",
			Help:    "How long calls to the cloud took, without waiting for the rate limit.",
			Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10}},
			[]string{"action"}),
		used: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "quota_used",
			Help: "Certificates of an account in a region, whoever uploaded them, as last listed."},
			[]string{"account", "region"}),
		limit: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "quota_limit",
			Help: "Certificates that an account may have in a region, as --certificate-quota says."},
			[]string{"account", "region"}),
		propagation: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: "propagation_seconds",
			Help:    "From the change of a Secret to its certificate's being in the cloud (to=certificate) and, of a renewal, to its being served by all bindings (to=binding).",
			Buckets: []float64{1, 2, 3, 5, 10, 30, 60, 300, 900, 3600}},
			[]string{"to"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info",
		Help: "1, with the version, commit and commit date of the program, and the Go that built it.", ConstLabels: buildLabels()})
	build.Set(1)
	var err error
	for _, collector := range []prometheus.Collector{r.uploads, r.calls, r.durations, r.used, r.limit, r.propagation, build} {
		err = errors.Join(err, registry.Register(collector))
	}
	return r, err
}

func buildLabels() prometheus.Labels {
	build := version.Get()
	return prometheus.Labels{"version": build.Version, "commit": build.Commit, "date": build.Date, "goversion": build.Go}
}

// Called counts a call to the cloud that took a time; failure is nil where it succeeded.
func (r *Recorder) Called(action string, took time.Duration, failure *clberr.Error) {
	code, class := "OK", "ok"
	if failure != nil {
		code, class = r.code(failure.Code), string(failure.Class())
	}
	r.calls.WithLabelValues(action, code, class).Inc()
	r.durations.WithLabelValues(action).Observe(took.Seconds())
}

// maxCodes bounds the label: codes are what somebody else says.
const maxCodes = 100

// code is an error code as a label's value.
func (r *Recorder) code(code string) string {
	if code == "" {
		return "none"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.codes[code] && len(r.codes) >= maxCodes {
		return "other"
	}
	r.codes[code] = true
	return code
}

// Listed tells how many certificates an account has in a region. The account's ID is "" where
// it isn't known.
func (r *Recorder) Listed(account, region string, certificates int) {
	if account == "" {
		account = "unknown"
	}
	r.used.WithLabelValues(account, region).Set(float64(certificates))
	r.limit.WithLabelValues(account, region).Set(r.quota)
}

// Uploaded counts an upload. What was never sent is none.
func (r *Recorder) Uploaded(region string, failure *clberr.Error) {
	result := "success"
	switch {
	case failure == nil:
	case failure.Outcome == clberr.NotSent:
		return
	case failure.Outcome == clberr.Refused:
		result = "refused"
	default:
		result = "unknown"
	}
	r.uploads.WithLabelValues(region, result).Inc()
}

// Propagated tells how long a Secret's change took to arrive: ToCertificate or ToBinding.
func (r *Recorder) Propagated(to string, took time.Duration) {
	r.propagation.WithLabelValues(to).Observe(max(took, 0).Seconds())
}
