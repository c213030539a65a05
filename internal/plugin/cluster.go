package plugin

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/version"
)

// cluster is the API server, with the rights of whoever runs the plugin.
type cluster struct {
	client.WithWatch
	// namespace is that of the flag --namespace, else of the kubeconfig's context.
	namespace string
}

// connect finds the API server by kubectl's flags; it asks nobody yet.
func (a *app) connect() (*cluster, error) {
	config, err := a.config.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w", err)
	}
	config.UserAgent = version.UserAgent()
	config.WarningHandler = rest.NewWarningWriter(a.ErrOut, rest.WarningWriterOptions{Deduplicate: true})
	config.QPS = -1 // the API server's priority and fairness is the limit
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("registering the API types: %w", err)
	}
	connected, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, err)
	}
	namespace, _, err := a.config.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("finding the namespace: %w", err)
	}
	return &cluster{WithWatch: connected, namespace: namespace}, nil
}

// id is the cluster id that certificates are tagged with: the flag's, else the UID of the
// namespace kube-system, which is the manager's default, too.
func (c *cluster) id(ctx context.Context, flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	namespace := &corev1.Namespace{}
	if err := c.Get(ctx, client.ObjectKey{Name: "kube-system"}, namespace); err != nil {
		return "", fmt.Errorf("reading the namespace kube-system for its UID, the default of --cluster-id: %w; or give --cluster-id, as the manager's flag has it", err)
	}
	return string(namespace.UID), nil
}
