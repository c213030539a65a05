package env

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// root is the source tree. A test runs in its package's folder, so it takes this
// file's own path; it needs a build without -trimpath, as tests are.
func root() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", errors.New("finding the source tree: this program was built with -trimpath")
	}
	return filepath.Join(filepath.Dir(file), "..", ".."), nil
}

// install puts in place what config/default installs, but for the Deployment:
// nothing here runs pods. It returns when the API server serves the CRDs.
func (c *Cluster) install(ctx context.Context) error {
	root, err := root()
	if err != nil {
		return err
	}
	for _, args := range [][]string{
		{"wait", "--for=create", "--timeout", Patience.String(), "namespace", "kube-system"}, // its UID names the cluster
		{"apply", "--server-side", "-k", filepath.Join(root, "config", "crd")},
		{"wait", "--for=condition=Established", "--timeout", Patience.String(), "crd", "--all"},
		{"apply", "--server-side", "-k", filepath.Join(root, "config", "rbac")},
	} {
		if _, err := c.TryKubectl(ctx, strings.NewReader(""), args...); err != nil {
			return fmt.Errorf("installing the project: %w", err)
		}
	}
	return nil
}
