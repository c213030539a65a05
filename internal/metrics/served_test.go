package metrics

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestWhatWasSeenIsShownWhileItIsSo(t *testing.T) {
	t.Parallel()
	matching := func(value float64) map[string]float64 { return map[string]float64{"a web shop": value} }
	for sentence, c := range map[string]struct {
		change func(*v1alpha1.ServerCertificate)
		then   func(*Served)
		want   map[string]float64
	}{
		"a match":                         {nil, nil, matching(1)},
		"another certificate":             {nil, func(s *Served) { s.Saw(Binding{"shop", "web", "a"}, "1", false) }, matching(0)},
		"what couldn't be told again":     {nil, func(s *Served) { s.Forget(Binding{"shop", "web", "a"}) }, nil},
		"what is no binding any more":     {nil, func(s *Served) { s.Keep(map[Binding]bool{{"shop", "web", "b"}: true}) }, nil},
		"what still is one":               {nil, func(s *Served) { s.Keep(map[Binding]bool{{"shop", "web", "a"}: true}) }, matching(1)},
		"a binding that is gone":          {func(o *v1alpha1.ServerCertificate) { o.Spec.Bindings[0].Name = "b" }, nil, nil},
		"one that isn't ready any more":   {func(o *v1alpha1.ServerCertificate) { o.Status.Bindings[0].Ready = false }, nil, nil},
		"an object with another one":      {func(o *v1alpha1.ServerCertificate) { o.Status.CertificateID = "2" }, nil, nil},
		"an object that has lost its own": {func(o *v1alpha1.ServerCertificate) { o.Status.Fingerprint = "" }, nil, nil},
		"an object that is gone":          {func(o *v1alpha1.ServerCertificate) { o.Name = "other" }, nil, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			object := &v1alpha1.ServerCertificate{
				ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
				Spec:       v1alpha1.ServerCertificateSpec{Bindings: []v1alpha1.Binding{{Name: "a"}}},
				Status: v1alpha1.ServerCertificateStatus{CertificateID: "1", Fingerprint: "00",
					Bindings: []v1alpha1.BindingStatus{{Name: "a", Ready: true}}},
			}
			if c.change != nil {
				c.change(object)
			}
			s := &Served{Cache: oneObject{object: object}}
			registry := prometheus.NewPedanticRegistry()
			registry.MustRegister(s)
			s.Saw(Binding{"shop", "web", "a"}, "1", true)
			if c.then != nil {
				c.then(s)
			}
			if got := samples(t, registry, "clbcert_served_certificate_match"); !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// oneObject is a cache that holds one object.
type oneObject struct {
	client.Reader
	object *v1alpha1.ServerCertificate
}

func (c oneObject) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	object, ok := into.(*v1alpha1.ServerCertificate)
	if !ok || key != client.ObjectKeyFromObject(c.object) {
		return errors.New("not found")
	}
	c.object.DeepCopyInto(object)
	return nil
}
