package plugin

import (
	"errors"
	"fmt"
	"net"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/clientcmd"
)

// explain adds to an error what mends it, where the error doesn't say so itself.
func explain(err error) error {
	var refused *net.OpError
	switch {
	case clientcmd.IsEmptyConfig(err):
		return fmt.Errorf("%w: set KUBECONFIG or --kubeconfig to the file that names the cluster", err)
	case meta.IsNoMatchError(err):
		return fmt.Errorf("%w: the cluster has no ServerCertificates: install clbcert first, or choose another cluster with --context", err)
	case apierrors.IsNotFound(err) && strings.Contains(err.Error(), "namespaces \""):
		return fmt.Errorf("%w: kubectl get namespaces lists them", err)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("%w: kubectl get clbcert -A lists what there is; -n chooses the namespace", err)
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "at the cluster scope"):
		return fmt.Errorf("%w: have the right granted by a ClusterRole, or use another context", err)
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w: have the right granted by a Role, or use another context", err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w: the kubeconfig's credentials aren't taken: log in anew", err)
	case errors.As(err, &refused):
		return fmt.Errorf("%w: is the API server running, and is it the one that the kubeconfig names?", err)
	default:
		return err
	}
}
