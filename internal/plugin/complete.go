package plugin

import (
	"context"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// completeNames completes the names of ServerCertificates, for the shell.
func (a *app) completeNames(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeFrom(command.Context(), v1alpha1.GroupVersion.WithKind("ServerCertificateList"), cobra.ShellCompDirectiveNoFileComp)
}

// completeSecrets completes the names of TLS Secrets, or of files.
func (a *app) completeSecrets(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeFrom(command.Context(), corev1.SchemeGroupVersion.WithKind("SecretList"), cobra.ShellCompDirectiveDefault,
		client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("type", string(corev1.SecretTypeTLS))})
}

// completeNamespaces completes the flag --namespace.
func (a *app) completeNamespaces(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.completeFrom(command.Context(), corev1.SchemeGroupVersion.WithKind("NamespaceList"), cobra.ShellCompDirectiveNoFileComp)
}

// completeFrom lists the names of a kind's objects: their metadata alone travels.
func (a *app) completeFrom(ctx context.Context, kind schema.GroupVersionKind, directive cobra.ShellCompDirective, options ...client.ListOption) ([]string, cobra.ShellCompDirective) {
	c, err := a.connect()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind)
	if kind.Kind != "NamespaceList" {
		options = append(options, client.InNamespace(c.namespace))
	}
	if err := c.List(ctx, list, options...); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return names, directive
}
