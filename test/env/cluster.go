package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// ServiceAccount is the user that the manager is to its API server when it is
// installed by config/default.
const ServiceAccount = "system:serviceaccount:clbcert-system:clbcert-manager"

// Cluster is a running control plane with the project's CRDs and RBAC.
type Cluster struct {
	// Config connects as a member of system:masters, without a limit on requests.
	Config *rest.Config
	// Kubeconfig is a file that does the same.
	Kubeconfig string
	// ManagerKubeconfig is a file that connects as ServiceAccount, so that a right
	// missing in config/rbac shows.
	ManagerKubeconfig string
	// Client reads and writes the API server itself; it knows Kubernetes's own
	// types and this project's.
	Client client.WithWatch
	// Etcd and APIServer may be killed and started by a test that has a cluster
	// of its own (StartCluster).
	Etcd, APIServer *Process

	folder  string
	kubectl string
}

// StartCluster starts a control plane for this test alone. Shared is quicker.
func StartCluster(tb TB) *Cluster {
	tb.Helper()
	cluster, err := newCluster(tb.Context())
	if err != nil {
		tb.Fatalf("starting a control plane: %v", err)
	}
	tb.Cleanup(cluster.stop)
	return cluster
}

// settings are more flags of the API server, whose files may be put into folder.
type settings func(folder string) ([]string, error)

func newCluster(ctx context.Context, more ...settings) (*Cluster, error) {
	assets, err := assets(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "clbcert-env-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the control plane: %w", err)
	}
	cluster := &Cluster{folder: folder, kubectl: filepath.Join(assets, "kubectl")}
	if err := cluster.start(ctx, assets, more); err != nil {
		cluster.stop()
		return nil, err
	}
	return cluster, nil
}

func (c *Cluster) start(ctx context.Context, assets string, more []settings) error {
	etcd, etcdURL, err := newEtcd(ctx, filepath.Join(assets, "etcd"), c.folder)
	if err != nil {
		return err
	}
	if err := etcd.start(ctx); err != nil {
		return err
	}
	c.Etcd = etcd
	server, err := newAPIServer(ctx, filepath.Join(assets, "kube-apiserver"), c.folder, etcdURL)
	if err != nil {
		return err
	}
	for _, setting := range more {
		flags, err := setting(c.folder)
		if err != nil {
			return err
		}
		server.args = append(server.args, flags...)
	}
	if err := server.start(ctx); err != nil {
		return err
	}
	c.APIServer = server.Process
	if err := c.connect(server); err != nil {
		return err
	}
	return c.install(ctx)
}

// stop ends what runs of the control plane. A clean end is nobody's matter: all
// its data goes too.
func (c *Cluster) stop() {
	for _, process := range []*Process{c.APIServer, c.Etcd} {
		if process != nil {
			_ = process.kill()
		}
	}
	os.RemoveAll(c.folder)
}

func (c *Cluster) connect(server *apiServer) error {
	c.Config = &rest.Config{
		Host:            server.url,
		BearerToken:     server.token,
		TLSClientConfig: rest.TLSClientConfig{CAData: server.ca},
		QPS:             -1,
	}
	c.Kubeconfig = filepath.Join(c.folder, "admin.kubeconfig")
	if err := writeKubeconfig(c.Kubeconfig, c.Config, ""); err != nil {
		return err
	}
	c.ManagerKubeconfig = filepath.Join(c.folder, "manager.kubeconfig")
	if err := writeKubeconfig(c.ManagerKubeconfig, c.Config, ServiceAccount); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("registering the API's types: %w", err)
	}
	var err error
	if c.Client, err = client.NewWithWatch(c.Config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return nil
}
