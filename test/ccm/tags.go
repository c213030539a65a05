package ccm

import (
	"context"
	"errors"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/cloud"
)

// updateTags adds the CCM's own tag where there are not too many. Where the annotation of
// additional tags names any, those that it doesn't name go, whoever put them there, but
// for the CCM's own and the cloud's (updateLoadBalancerTags in loadbalancer.go).
func (c *CCM) updateTags(ctx context.Context, service *corev1.Service, want wanted, balancer cloud.LoadBalancer) error {
	own, value := TagOwner, LoadBalancerName(service)
	if want.reused {
		own, value = TagReused, "true"
	}
	var err error
	if _, there := balancer.Tags[own]; !there && len(balancer.Tags) < maxTags {
		err = c.cloud.TagLoadBalancer(ctx, balancer.ID, map[string]string{own: value})
	}
	if len(want.tags) == 0 {
		return err
	}
	return errors.Join(err, c.replaceTags(ctx, want, balancer))
}

func (c *CCM) replaceTags(ctx context.Context, want wanted, balancer cloud.LoadBalancer) error {
	missing := map[string]string{}
	for key, value := range want.tags {
		if has, there := balancer.Tags[key]; want.may(key) && (!there || has != value) {
			missing[key] = value
		}
	}
	var surplus []string
	for key := range balancer.Tags {
		if _, named := want.tags[key]; want.may(key) && !named {
			surplus = append(surplus, key)
		}
	}
	if len(missing) > 0 {
		if err := c.cloud.TagLoadBalancer(ctx, balancer.ID, missing); err != nil {
			return err
		}
	}
	if len(surplus) == 0 {
		return nil
	}
	return c.cloud.UntagLoadBalancer(ctx, balancer.ID, surplus...)
}

// may tells whether the additional tags say anything of a key (pkg/controller/helper/tags.go).
func (w wanted) may(key string) bool {
	return !strings.HasPrefix(key, "acs:") && key != TagOwner && key != TagCluster && (key != TagReused || !w.reused)
}
