package plugin

import (
	"context"
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// scarce is an API server that lets one list some namespaces, "" for all, and get nothing.
type scarce struct {
	lets  []string
	asked *int
	items []runtime.Object
}

var forbidden = apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, "", errors.New("no"))

func (s scarce) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return forbidden
}

func (s scarce) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	*s.asked++
	asked := client.ListOptions{}
	asked.ApplyOptions(options)
	if !slices.Contains(s.lets, asked.Namespace) {
		return forbidden
	}
	return meta.SetList(list, s.items)
}

// bound is an object with a binding to a listener.
func bound(namespace, name, balancer string) *v1alpha1.ServerCertificate {
	o := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	o.Spec.Bindings = []v1alpha1.Binding{{Name: "a", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: balancer, Port: 443}}}
	return o
}

func TestAListIsSearchedByTheManagersIndexes(t *testing.T) {
	t.Parallel()
	all := []runtime.Object{bound("shop", "a", "lb-1"), bound("shop", "b", "lb-2"), bound("other", "c", "lb-1")}
	const listener, balancer = "spec.bindings.listener", "spec.bindings.listener.loadBalancerID"
	for sentence, c := range map[string]struct {
		options []client.ListOption
		want    []string
		fails   bool
	}{
		"all":                     {nil, []string{"a", "b", "c"}, false},
		"of a namespace":          {[]client.ListOption{client.InNamespace("shop")}, []string{"a", "b"}, false},
		"by load balancer":        {[]client.ListOption{client.MatchingFields{balancer: "lb-1"}}, []string{"a", "c"}, false},
		"by listener":             {[]client.ListOption{client.MatchingFields{listener: "lb-2/443/"}}, []string{"b"}, false},
		"by both":                 {[]client.ListOption{client.MatchingFields{balancer: "lb-1"}, client.InNamespace("other")}, []string{"c"}, false},
		"nobody":                  {[]client.ListOption{client.MatchingFields{balancer: "lb-3"}}, nil, false},
		"by an index of Services": {[]client.ListOption{client.MatchingFields{"certificateID": "x"}}, nil, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			r := &planReader{Reader: scarce{lets: []string{""}, asked: new(int), items: all}, lists: map[listing]listed{}}
			var list v1alpha1.ServerCertificateList
			if err := r.List(t.Context(), &list, c.options...); (err != nil) != c.fails {
				t.Fatal(err)
			}
			var got []string
			for _, o := range list.Items {
				got = append(got, o.Name)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatMayNotBeListedIsNoted(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		lets  []string
		list  client.ObjectList
		notes []string
		found int
		asked int
	}{
		"all may": {[]string{"", "shop"}, &v1alpha1.ServerCertificateList{}, nil, 1, 1},
		"one's own namespace": {[]string{"shop"}, &v1alpha1.ServerCertificateList{},
			[]string{"you may not list ServerCertificates of all namespaces: others that want the same listeners are seen in namespace shop alone"}, 1, 2},
		"none": {nil, &corev1.ServiceList{},
			[]string{"you may not list Services: others at the same load balancers, and annotations that name a certificate, aren't seen"}, 0, 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			asked := 0
			r := &planReader{
				Reader: scarce{lets: c.lets, asked: &asked, items: []runtime.Object{bound("shop", "a", "lb-1")}},
				home:   "shop", lists: map[listing]listed{},
			}
			for range 2 { // the second time it is remembered
				if err := r.List(t.Context(), c.list); err != nil {
					t.Fatal(err)
				}
			}
			if found := meta.LenList(c.list); found != c.found || asked != c.asked || !slices.Equal(r.notes, c.notes) {
				t.Errorf("%d found, %d lists, notes %q", found, asked, r.notes)
			}
		})
	}
}

func TestWhatMayNotBeRead(t *testing.T) {
	t.Parallel()
	r := &planReader{Reader: scarce{}, home: "shop"}
	if err := r.Get(t.Context(), client.ObjectKey{Namespace: "shop", Name: "web-tls"}, &corev1.Secret{}); err == nil || apierrors.IsForbidden(err) {
		t.Errorf("a Secret: %v: the controller would wait for the right to", err)
	}
	if err := r.Get(t.Context(), client.ObjectKey{Namespace: "other", Name: "web"}, &corev1.Service{}); !apierrors.IsForbidden(err) {
		t.Errorf("another's Service: %v", err)
	}
	if want := []string{"you may not read Service other/web: it counts as one that isn't there"}; !slices.Equal(r.notes, want) {
		t.Errorf("notes %q", r.notes)
	}
}
