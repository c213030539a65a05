package plugin

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/served"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// liveFinder finds out where bindings lead.
type liveFinder struct {
	*app
	cluster *cluster
	given   givenAddresses
	// cloud is there once it was needed.
	cloud *cloud
}

// places are those of an object's bindings. What can't be told of one is in it.
func (f *liveFinder) places(ctx context.Context, object *v1alpha1.ServerCertificate) ([]livePlace, error) {
	var fronts map[string]clb.Front
	var lack error
	if ids := f.asked(object); len(ids) > 0 {
		fronts, lack = f.fronts(ctx, object, ids)
	}
	var places []livePlace
	for _, binding := range object.Spec.Bindings {
		var addresses []string
		var why string
		var err error
		if binding.Service != nil {
			addresses, why, err = f.ofService(ctx, object.Namespace, binding)
		} else {
			addresses, why = f.ofListener(binding, fronts, lack)
		}
		if err != nil {
			return nil, err
		}
		places = append(places, placesAt(object, binding, addresses, why)...)
	}
	return places, nil
}

// asked are the load balancers of which the cloud has to tell the address.
func (f *liveFinder) asked(object *v1alpha1.ServerCertificate) []string {
	var ids []string
	for _, binding := range object.Spec.Bindings {
		if binding.Listener != nil && f.given[binding.Name] == nil {
			ids = append(ids, binding.Listener.LoadBalancerID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (f *liveFinder) fronts(ctx context.Context, object *v1alpha1.ServerCertificate, ids []string) (map[string]clb.Front, error) {
	if f.cloud == nil {
		var err error
		if f.cloud, err = f.openCloud(); err != nil {
			return nil, err
		}
	}
	account, region, err := f.cloud.accountOf(ctx, f.cluster, object)
	if err != nil {
		return nil, err
	}
	return account.Fronts(ctx, region, ids, time.Now())
}

// ofListener is where a listener's clients connect, or why that isn't known.
func (f *liveFinder) ofListener(binding v1alpha1.Binding, fronts map[string]clb.Front, lack error) (addresses []string, why string) {
	listener := binding.Listener
	if addresses = f.given.of(binding.Name, []int32{listener.Port}); len(addresses) > 0 {
		return addresses, ""
	}
	front := fronts[listener.LoadBalancerID]
	switch {
	case lack != nil:
		return nil, fmt.Sprintf("the cloud doesn't tell it: %s", lack)
	case !front.Found || front.Address == "":
		return nil, fmt.Sprintf("the cloud has no load balancer %s in this region", listener.LoadBalancerID)
	default:
		return []string{served.Address(front.Address, listener.Port)}, ""
	}
}

// ofService is where a Service's clients connect, or why that isn't known.
func (f *liveFinder) ofService(ctx context.Context, namespace string, binding v1alpha1.Binding) (addresses []string, why string, err error) {
	service := &corev1.Service{}
	name := binding.Service.Name
	err = f.cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, service)
	read := ccm.Read(service)
	if given := f.given.of(binding.Name, orHTTPS(read.HTTPSPorts)); len(given) > 0 {
		return given, "", nil
	}
	switch addresses = served.Addresses(service); {
	case apierrors.IsNotFound(err):
		return nil, fmt.Sprintf("Service %s doesn't exist", name), nil
	case apierrors.IsForbidden(err):
		return nil, fmt.Sprintf("you may not get Service %s", name), nil
	case err != nil:
		return nil, "", fmt.Errorf("reading Service %s/%s: %w", namespace, name, err)
	case read.Unsupported != "":
		return nil, fmt.Sprintf("Service %s %s", name, read.Unsupported), nil
	case len(addresses) == 0:
		return nil, fmt.Sprintf("Service %s has no address yet: look at its Events", name), nil
	default:
		return addresses, "", nil
	}
}

// orHTTPS is the usual port where none is known.
func orHTTPS(ports []int32) []int32 {
	if len(ports) == 0 {
		return []int32{443}
	}
	return ports
}

// chainOf is the chain that an object's Secret holds; none where that can't be told.
func (f *liveFinder) chainOf(ctx context.Context, object *v1alpha1.ServerCertificate) []*x509.Certificate {
	secret := &corev1.Secret{}
	if err := f.cluster.Get(ctx, client.ObjectKey{Namespace: object.Namespace, Name: object.Spec.SecretRef.Name}, secret); err != nil {
		return nil
	}
	defer wipe(secret)
	pair, _ := tlspair.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if pair == nil {
		return nil
	}
	defer pair.Wipe()
	return chainIn(pair.ChainPEM())
}
