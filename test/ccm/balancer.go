package ccm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/cloud"
)

// maxTags is how many a load balancer may have for the CCM to add its own (MaxLBTagNum).
const maxTags = 10

// wanted is what a Service asks for; of one that needs no load balancer any more it is
// but how that goes.
type wanted struct {
	reused    bool // the load balancer is one that the Service was given
	preserved bool // the load balancer stays when the Service goes
	manages   bool // the CCM reads and writes listeners
	tags      map[string]string
	listeners []cloud.Listener
}

func (c *CCM) wants(service *corev1.Service) (wanted, error) {
	reused := get(service, LoadBalancerID) != ""
	want := wanted{
		reused: reused, preserved: get(service, PreserveOnDelete) != "",
		manages: !reused || get(service, OverrideListeners) == "true",
	}
	if needsDeletion(service) {
		return want, nil
	}
	want.tags = additionalTags(service)
	for _, port := range service.Spec.Ports {
		listener, err := c.listener(service, port)
		if err != nil {
			return want, fmt.Errorf("building the listener of port %d: %w", port.Port, err)
		}
		want.listeners = append(want.listeners, listener)
	}
	return want, nil
}

// additionalTags reads "key=value,key=,key".
func additionalTags(service *corev1.Service) map[string]string {
	tags := map[string]string{}
	for entry := range strings.SplitSeq(get(service, AdditionalTags), ",") {
		if key, value, _ := strings.Cut(strings.TrimSpace(entry), "="); key != "" {
			tags[key] = value
		}
	}
	return tags
}

// apply makes the cloud what a Service wants (model_applier.go). But for finding the load
// balancer it does nothing while the Service's hash is that of the label.
func (c *CCM) apply(ctx context.Context, service *corev1.Service) (cloud.LoadBalancer, error) {
	want, err := c.wants(service)
	if err != nil {
		return cloud.LoadBalancer{}, err
	}
	balancer, err := c.find(ctx, service)
	if err != nil {
		return cloud.LoadBalancer{}, fmt.Errorf("finding the load balancer: %w", err)
	}
	if Synced(service) {
		if balancer.ID == "" {
			return balancer, fmt.Errorf("there is no load balancer with the tag %s=%s", TagOwner, LoadBalancerName(service))
		}
		return balancer, nil
	}
	var listeners []cloud.Listener
	if want.manages && balancer.ID != "" {
		if listeners, err = c.readListeners(ctx, service, balancer.ID); err != nil {
			return balancer, fmt.Errorf("reading the listeners: %w", err)
		}
	}
	if needsDeletion(service) {
		balancer, err = c.release(ctx, service, want, balancer)
	} else {
		balancer, err = c.provide(ctx, service, want, balancer)
	}
	if err != nil || balancer.ID == "" {
		return balancer, err
	}
	err = c.updateTags(ctx, service, want, balancer)
	if want.manages {
		err = errors.Join(err, c.applyListeners(ctx, service, balancer.ID, want.listeners, listeners))
	}
	return balancer, err
}

// find gives the Service's load balancer, by its ID, by its tag or by its name; an empty
// one where there is none (pkg/provider/alibaba/slb/loadbalancer.go).
func (c *CCM) find(ctx context.Context, service *corev1.Service) (cloud.LoadBalancer, error) {
	if id := get(service, LoadBalancerID); id != "" {
		return c.cloud.LoadBalancer(ctx, id)
	}
	name := LoadBalancerName(service)
	found, err := c.cloud.FindLoadBalancers(ctx, "", map[string]string{TagOwner: name})
	if err == nil && len(found) == 0 {
		found, err = c.cloud.FindLoadBalancers(ctx, name, nil)
	}
	switch {
	case err != nil || len(found) == 0:
		return cloud.LoadBalancer{}, err
	case len(found) > 1:
		return cloud.LoadBalancer{}, fmt.Errorf("there are %d load balancers for %s", len(found), name)
	}
	return found[0], nil
}

// provide makes the load balancer where there is none, and checks one that was given.
func (c *CCM) provide(ctx context.Context, service *corev1.Service, want wanted, balancer cloud.LoadBalancer) (cloud.LoadBalancer, error) {
	if want.reused {
		return balancer, isReusable(service, balancer)
	}
	if balancer.ID != "" {
		return balancer, nil
	}
	if len(service.Status.LoadBalancer.Ingress) > 0 {
		return balancer, errors.New("the Service has an address, but there is no load balancer: was it deleted?")
	}
	name := LoadBalancerName(service)
	tags := map[string]string{TagOwner: name, TagCluster: c.clusterID}
	maps.Copy(tags, want.tags)
	made, err := c.cloud.CreateLoadBalancer(ctx, cloud.LoadBalancer{Name: name, Spec: cloud.Elastic, Tags: tags})
	if err != nil {
		return balancer, fmt.Errorf("creating the load balancer: %w", err)
	}
	return made, nil
}

// release deletes the load balancer that the CCM made, or takes its tags off where it stays.
func (c *CCM) release(ctx context.Context, service *corev1.Service, want wanted, balancer cloud.LoadBalancer) (cloud.LoadBalancer, error) {
	switch {
	case want.reused || balancer.ID == "":
		return balancer, nil
	case !want.preserved:
		return cloud.LoadBalancer{}, c.cloud.DeleteLoadBalancer(ctx, balancer.ID)
	}
	var keys []string
	for key, value := range map[string]string{TagOwner: LoadBalancerName(service), TagCluster: c.clusterID} {
		if balancer.Tags[key] == value {
			keys = append(keys, key)
		}
	}
	return balancer, c.cloud.UntagLoadBalancer(ctx, balancer.ID, keys...)
}

// isReusable tells why a load balancer can't be one that a Service was given.
func isReusable(service *corev1.Service, balancer cloud.LoadBalancer) error {
	for _, tag := range []string{TagOwner, TagCluster} {
		if _, there := balancer.Tags[tag]; there {
			return fmt.Errorf("the load balancer %s can not be reused: it was created by kubernetes", balancer.ID)
		}
	}
	ingresses := service.Status.LoadBalancer.Ingress
	for _, ingress := range ingresses {
		if ingress.IP == balancer.Address || ingress.IP == "" && ingress.Hostname != "" {
			return nil
		}
	}
	if len(ingresses) > 0 {
		return fmt.Errorf("the load balancer %s can not be reused: the Service has the address %s", balancer.ID, ingresses[0].IP)
	}
	return nil
}
