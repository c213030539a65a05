package env

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespace makes a fresh namespace and gives its name. It is left behind: the
// control plane has no controller that would empty it.
func (c *Cluster) Namespace(tb TB) string {
	tb.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := c.Client.Create(tb.Context(), namespace); err != nil {
		tb.Fatalf("making a namespace: %v", err)
	}
	return namespace.Name
}
