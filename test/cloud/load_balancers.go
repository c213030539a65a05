package cloud

import (
	"context"
	"fmt"
)

// Elastic is the specification of a load balancer that is paid by use, which new ones
// are; Shared is that of a shared-performance one, which has no domain extensions.
const (
	Elastic = "slb.lcu.elastic"
	Shared  = ""
)

// LoadBalancer is an instance.
type LoadBalancer struct {
	ID, Name, Address, Spec string
	Tags                    map[string]string
}

func loadBalancer(a Answer) LoadBalancer {
	return LoadBalancer{
		ID: a.Text("LoadBalancerId"), Name: a.Text("LoadBalancerName"), Address: a.Text("Address"),
		Spec: a.Text("LoadBalancerSpec"), Tags: a.tags(),
	}
}

// CreateLoadBalancer makes an instance; its ID and address are the API's choice.
func (a *API) CreateLoadBalancer(ctx context.Context, b LoadBalancer) (LoadBalancer, error) {
	parameters := Parameters{"LoadBalancerName": b.Name, "LoadBalancerSpec": b.Spec}
	if b.Spec == Elastic {
		parameters["InstanceChargeType"] = "PayByCLCU"
	}
	answer, err := a.Call(ctx, "CreateLoadBalancer", parameters.withTags(b.Tags))
	if err != nil {
		return LoadBalancer{}, err
	}
	b.ID, b.Name, b.Address = answer.Text("LoadBalancerId"), answer.Text("LoadBalancerName"), answer.Text("Address")
	return b, nil
}

// DeleteLoadBalancer deletes an instance with its listeners.
func (a *API) DeleteLoadBalancer(ctx context.Context, id string) error {
	_, err := a.Call(ctx, "DeleteLoadBalancer", Parameters{"LoadBalancerId": id})
	return err
}

// LoadBalancer gives the instance of an ID.
func (a *API) LoadBalancer(ctx context.Context, id string) (LoadBalancer, error) {
	answer, err := a.Call(ctx, "DescribeLoadBalancerAttribute", Parameters{"LoadBalancerId": id})
	return loadBalancer(answer), err
}

// FindLoadBalancers gives the instances, a hundred at most, that have a name and all the
// tags; an empty name is any.
func (a *API) FindLoadBalancers(ctx context.Context, name string, tags map[string]string) ([]LoadBalancer, error) {
	parameters := Parameters{"LoadBalancerName": name, "PageSize": "100"}
	answer, err := a.Call(ctx, "DescribeLoadBalancers", parameters.withTags(tags))
	if err != nil {
		return nil, err
	}
	var found []LoadBalancer
	for _, element := range answer.Element("LoadBalancers").List("LoadBalancer") {
		found = append(found, loadBalancer(element))
	}
	return found, nil
}

// TagLoadBalancer puts tags on an instance.
func (a *API) TagLoadBalancer(ctx context.Context, id string, tags map[string]string) error {
	parameters := Parameters{"ResourceType": "instance", "ResourceId.1": id}
	_, err := a.Call(ctx, "TagResources", parameters.withTags(tags))
	return err
}

// UntagLoadBalancer takes tags off an instance.
func (a *API) UntagLoadBalancer(ctx context.Context, id string, keys ...string) error {
	parameters := Parameters{"ResourceType": "instance", "ResourceId.1": id}
	for i, key := range keys {
		parameters[fmt.Sprintf("TagKey.%d", i+1)] = key
	}
	_, err := a.Call(ctx, "UntagResources", parameters)
	return err
}
