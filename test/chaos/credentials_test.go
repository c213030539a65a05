package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// keyring is a credentials Secret and the access keys that it has held: of two IDs in turn,
// each time with another secret.
type keyring struct {
	namespace, name, account string
	version                  int
}

// newKeyrings are one of the managers' account, and one of another.
func newKeyrings() []*keyring {
	return []*keyring{
		{namespace: namespaces[0], name: "own", account: managersKey.Account},
		{namespace: namespaces[0], name: "foreign", account: "1000000000000002"},
	}
}

// ids are all that the keyring may use.
func (k *keyring) ids() []string {
	return []string{"LTAI5t" + k.name + "0", "LTAI5t" + k.name + "1"}
}

// key is that of a version.
func (k *keyring) key(version int) env.SimulatedAccessKey {
	return env.SimulatedAccessKey{ID: k.ids()[version%2], Secret: fmt.Sprintf("%s-secret-%d", k.name, version), Account: k.account}
}

// keyed are the faults, for those who bring their own keys as well.
func keyed(faults []string, keyrings []*keyring) []string {
	all := append([]string{}, faults...)
	for _, k := range keyrings {
		for _, id := range k.ids() {
			for _, fault := range faults {
				all = append(all, strings.Replace(fault, "@"+managersKeyID, "@"+id, 1))
			}
		}
	}
	return all
}

// newOwnSlots makes the part of the world's plan that brings its own credentials, at a load
// balancer that no tag lets anybody bind: one with a listener, one with a domain on two, one
// with a Service, and one in another account, which is served nowhere.
func newOwnSlots(first int, balancer string, keyrings []*keyring) (all []*slot, secrets []*secret) {
	at := func(name string, port int32, domain v1alpha1.Domain) v1alpha1.Binding {
		return v1alpha1.Binding{Name: name, Listener: &v1alpha1.ListenerTarget{LoadBalancerID: balancer, Port: port, Domain: domain}}
	}
	service := v1alpha1.Binding{Name: "service", Service: &v1alpha1.ServiceTarget{Name: fmt.Sprintf("front-%d", services-1)}}
	for i, bindings := range [][]v1alpha1.Binding{
		{at("default", 443, "")}, {at("one", 443, "six.chaos.test"), at("two", 8443, "six.chaos.test")}, {service}, nil,
	} {
		s := newSlot(namespaces[0], first+i)
		s.bindings, s.keys = bindings, keyrings[0]
		if i == 3 {
			s.keys = keyrings[1]
		}
		all, secrets = append(all, s), append(secrets, s.secret)
	}
	return all, secrets
}

// putKeys writes the credentials Secret.
func (w *world) putKeys(ctx context.Context, k *keyring) error {
	key := k.key(k.version)
	object := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.namespace, Name: k.name},
		StringData: map[string]string{"accessKeyID": key.ID, "accessKeySecret": key.Secret},
	}
	return w.insist(ctx, "writing a credentials Secret", func() error {
		err := w.client.Update(ctx, object.DeepCopy())
		if apierrors.IsNotFound(err) {
			err = w.client.Create(ctx, object.DeepCopy())
		}
		return err
	})
}

// rotate makes a new key, has it used and turns the old one off; careless people turn it off
// first. Where the cloud is away the rest is left for another day.
func (w *world) rotate(ctx context.Context, k *keyring, careless bool) error {
	old := k.key(k.version)
	old.Inactive = true
	w.note(rotateKey, k.namespace+"/"+k.name)
	if careless && !w.tryKey(ctx, old) || !w.tryKey(ctx, k.key(k.version+1)) {
		return nil
	}
	k.version++
	if err := w.putKeys(ctx, k); err != nil {
		return err
	}
	if !careless {
		w.tryKey(ctx, old)
	}
	return nil
}

// tryKey makes a key, or turns it off, if the cloud is there.
func (w *world) tryKey(ctx context.Context, key env.SimulatedAccessKey) bool {
	what := "on"
	if key.Inactive {
		what = "off"
	}
	err := w.putKey(ctx, key)
	w.trace.note("  key %s turned %s: %s", key.ID, what, told(err))
	return err == nil
}

// putKey has the simulator know an access key.
func (c *clerk) putKey(ctx context.Context, key env.SimulatedAccessKey) error {
	body, err := json.Marshal(map[string]any{"id": key.ID, "secret": key.Secret, "account": key.Account, "inactive": key.Inactive})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, c.url+"/access-keys", bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("making an access key: %s", response.Status)
	}
	return nil
}
