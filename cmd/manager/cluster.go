package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/controllers"
	"github.com/clbcert/clbcert/internal/metrics"
	"github.com/clbcert/clbcert/internal/plan"
	"github.com/clbcert/clbcert/internal/version"
)

// name is that of the field manager, the Lease and the source of Events.
const name = "clbcert"

// clusterConfig finds the API server; it asks nobody.
func clusterConfig() (*rest.Config, error) {
	config, err := ctrl.GetConfig()
	switch {
	case clientcmd.IsEmptyConfig(err):
		return nil, errors.New("finding the API server: there is no --kubeconfig, no KUBECONFIG, and this is no pod with a service account")
	case err != nil:
		return nil, fmt.Errorf("finding the API server by --kubeconfig, KUBECONFIG or the pod: %w", err)
	}
	config.UserAgent = version.UserAgent()
	config.QPS = -1 // the API server's priority and fairness is the limit
	return config, nil
}

// newManager connects to the API server and sets the reconciler up.
func newManager(ctx context.Context, o *options, cloud *cloud, config *rest.Config) (ctrl.Manager, error) {
	options, err := managerOptions(o)
	if err != nil {
		return nil, err
	}
	manager, err := ctrl.NewManager(config, options)
	switch {
	case meta.IsNoMatchError(err): // the cache asks for what it is to hold
		return nil, fmt.Errorf("the cluster at %s has no ServerCertificates: install config/crd first", config.Host)
	case err != nil:
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, err)
	}
	if err := findClusterID(ctx, o, manager, config); err != nil {
		return nil, err
	}
	reconciler := &controllers.Reconciler{
		Client: manager.GetClient(), Live: manager.GetAPIReader(), Events: manager.GetEventRecorder(name),
		Cloud: cloud.client, Own: cloud.own, Region: o.region, Regions: o.regions, Roles: o.roles, Clock: time.Now,
		Metrics: cloud.recorder,
		Settings: plan.Settings{
			ClusterID: o.clusterID, Window: o.consistencyWindow, UploadTimeout: o.apiTimeout,
			Resync: o.resyncInterval, DryRun: o.dryRun, BindAny: o.bindingPolicy == "Any",
		},
	}
	if err := reconciler.SetupWithManager(ctx, manager, o.concurrency); err != nil {
		return nil, err
	}
	objects := &metrics.Objects{Cache: manager.GetCache(), Elected: manager.Elected()}
	return manager, errors.Join(
		ctrlmetrics.Registry.Register(objects),
		addPatrol(o, manager, reconciler),
		manager.AddHealthzCheck("ping", healthz.Ping),
		manager.AddReadyzCheck("caches", cachesSynced(manager)))
}

// cachesSynced is ready when all that is watched was read once. A standby watches
// nothing yet, and is ready to.
func cachesSynced(manager ctrl.Manager) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), time.Second)
		defer cancel()
		if !manager.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the caches aren't filled yet")
		}
		return nil
	}
}

// managerOptions say what is cached and served.
func managerOptions(o *options) (ctrl.Options, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return ctrl.Options{}, fmt.Errorf("registering the API types: %w", err)
	}
	var namespaces map[string]cache.Config
	if len(o.watchNamespaces) > 0 {
		namespaces = map[string]cache.Config{}
		for _, namespace := range o.watchNamespaces {
			namespaces[namespace] = cache.Config{}
		}
	}
	return ctrl.Options{
		Scheme: scheme,
		Cache: cache.Options{
			ReaderFailOnMissingInformer: true,
			DefaultNamespaces:           namespaces,
			DefaultTransform:            cache.TransformStripManagedFields(),
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Secret{}:              controllers.SecretCache(),
				&corev1.Service{}:             controllers.ServiceCache(),
				&v1alpha1.ServerCertificate{}: {Label: o.selector},
			},
		},
		Metrics:                       metricsOptions(o),
		HealthProbeBindAddress:        o.probeAddress,
		PprofBindAddress:              o.pprofAddress,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              name,
		LeaderElectionNamespace:       cmp.Or(os.Getenv("POD_NAMESPACE"), "clbcert-system"),
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 new(leaseDuration),
		RenewDeadline:                 new(renewDeadline),
		RetryPeriod:                   new(retryPeriod),
	}, nil
}

// metricsOptions serve the metrics over TLS to whom the API server knows and lets, or as they
// are: on loopback, to whoever is there.
func metricsOptions(o *options) metricsserver.Options {
	options := metricsserver.Options{BindAddress: o.metricsAddress, SecureServing: o.metricsSecure, CertDir: o.metricsCertDir}
	if o.metricsSecure {
		options.FilterProvider = newMetricsAccess
		options.TLSOpts = []func(*tls.Config){func(c *tls.Config) { c.MinVersion, c.NextProtos = tls.VersionTLS12, []string{"http/1.1"} }}
	}
	return options
}

// A standby takes over within 20 s: it sees the last renewal at most 2.2 retry periods late,
// waits the lease, and tries again at most as late (client-go, leaderelection).
const (
	leaseDuration = 12 * time.Second
	renewDeadline = 8 * time.Second
	retryPeriod   = 1500 * time.Millisecond
)

// findClusterID takes the UID of the namespace kube-system where --cluster-id names none.
func findClusterID(ctx context.Context, o *options, manager ctrl.Manager, config *rest.Config) error {
	if o.clusterID != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	namespace := &corev1.Namespace{}
	err := manager.GetAPIReader().Get(ctx, client.ObjectKey{Name: "kube-system"}, namespace)
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("reading the namespace kube-system for its UID, the default of --cluster-id: %w; grant that, or set --cluster-id", err)
	}
	if err != nil {
		return fmt.Errorf("reading the namespace kube-system at %s: %w", config.Host, err)
	}
	o.clusterID = string(namespace.UID)
	return nil
}
