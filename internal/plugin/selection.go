package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// selection says which objects a verb is about: by name, by labels, or all.
type selection struct {
	selector      string
	all           bool
	allNamespaces bool
	// needed says that a verb without any of them is a mistake, not meant for all.
	needed bool
}

// flags declares the selection's flags on a command.
func (s *selection) flags(command *cobra.Command) {
	f := command.Flags()
	f.StringVarP(&s.selector, "selector", "l", "", "label selector of the ServerCertificates")
	f.BoolVarP(&s.allNamespaces, "all-namespaces", "A", false, "those of all namespaces")
	if s.needed {
		f.BoolVar(&s.all, "all", false, "all ServerCertificates of the namespace")
	}
}

// reach finds the API server, and the selected objects there.
func (s *selection) reach(ctx context.Context, a *app, names []string) (*cluster, []v1alpha1.ServerCertificate, error) {
	c, err := a.connect()
	if err != nil {
		return nil, nil, err
	}
	a.spread = s.allNamespaces
	objects, err := s.find(ctx, c, names)
	return c, objects, err
}

// find gives the selected objects by namespace and name. One that was named and isn't there,
// and a selection that nothing matches, are errors.
func (s *selection) find(ctx context.Context, c *cluster, names []string) ([]v1alpha1.ServerCertificate, error) {
	if err := s.check(names); err != nil {
		return nil, err
	}
	if len(names) > 0 {
		return named(ctx, c, names)
	}
	list, err := s.list(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(list.Items) == 0 && !s.needed {
		return nil, nothing{"No ServerCertificates found" + s.within(c) + "."}
	}
	if len(list.Items) == 0 && s.selector != "" {
		return nil, fmt.Errorf("no ServerCertificate matches the labels %q%s: kubectl get clbcert --show-labels -n %[3]s lists them", s.selector, s.within(c), c.namespace)
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("there is no ServerCertificate%s: create one, or look elsewhere with -n or -A", s.within(c))
	}
	slices.SortFunc(list.Items, func(a, b v1alpha1.ServerCertificate) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list.Items, nil
}

// check finds flags and names that don't go together.
func (s *selection) check(names []string) error {
	switch many := s.selector != "" || s.all || s.allNamespaces; {
	case len(names) > 0 && many:
		return errors.New("names go with neither --selector, --all nor --all-namespaces: leave out the one or the others")
	case len(names) == 0 && s.needed && s.selector == "" && !s.all:
		return errors.New("nothing is selected: give names, a label selector with -l, or --all")
	default:
		return nil
	}
}

// list reads what the flags select.
func (s *selection) list(ctx context.Context, c *cluster) (*v1alpha1.ServerCertificateList, error) {
	selector, err := labels.Parse(s.selector)
	if err != nil {
		return nil, fmt.Errorf("--selector: %w", err)
	}
	options := []client.ListOption{client.MatchingLabelsSelector{Selector: selector}}
	if !s.allNamespaces {
		options = append(options, client.InNamespace(c.namespace))
	}
	list := &v1alpha1.ServerCertificateList{}
	if err := c.List(ctx, list, options...); err != nil {
		return nil, fmt.Errorf("listing ServerCertificates%s: %w", s.within(c), err)
	}
	return list, nil
}

// within says where was looked.
func (s *selection) within(c *cluster) string {
	if s.allNamespaces {
		return " in any namespace"
	}
	return " in namespace " + c.namespace
}

// named reads objects by their names, in that order.
func named(ctx context.Context, c *cluster, names []string) ([]v1alpha1.ServerCertificate, error) {
	objects := make([]v1alpha1.ServerCertificate, 0, len(names))
	for i, name := range names {
		if name = bare(name); slices.ContainsFunc(names[:i], func(other string) bool { return bare(other) == name }) {
			continue
		}
		object := v1alpha1.ServerCertificate{}
		if err := c.Get(ctx, client.ObjectKey{Namespace: c.namespace, Name: name}, &object); err != nil {
			return nil, fmt.Errorf("reading ServerCertificate %s/%s: %w", c.namespace, name, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// bare is a name without the kind that kubectl may print before it, as in clbcert/web.
func bare(name string) string {
	kind, rest, typed := strings.Cut(name, "/")
	if typed && slices.Contains([]string{"clbcert", "servercertificate", "servercertificates", "servercertificate.clbcert.dev", "servercertificates.clbcert.dev"}, kind) {
		return rest
	}
	return name
}
