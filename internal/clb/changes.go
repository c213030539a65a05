package clb

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

// resourceType is that of a server certificate in tag and resource group actions.
const resourceType = "certificate"

// Delete deletes the certificate id; one that doesn't exist is deleted.
func (a *Account) Delete(ctx context.Context, region, id string) error {
	const action = "DeleteServerCertificate"
	err := unlessGone(a.change(ctx, action, region, id, func() requests.AcsRequest {
		r := slb.CreateDeleteServerCertificateRequest()
		r.ServerCertificateId = id
		return r
	}))
	if err == nil {
		a.did(region, deleted(id, a.client.config.Window))
	}
	return err
}

// SetName renames the certificate id.
func (a *Account) SetName(ctx context.Context, region, id, name string) error {
	const action = "SetServerCertificateName"
	if name == "" {
		return missing(action, "ServerCertificateName")
	}
	return a.edit(ctx, action, region, id, func(c *Certificate) { c.Name = name }, func() requests.AcsRequest {
		r := slb.CreateSetServerCertificateNameRequest()
		r.ServerCertificateId, r.ServerCertificateName = id, name
		return r
	})
}

// Tag sets tags on the certificate id; a key that is there gets the new value.
// Without tags nothing is sent.
func (a *Account) Tag(ctx context.Context, region, id string, tags []Tag) error {
	if len(tags) == 0 {
		return nil
	}
	set := func(c *Certificate) {
		for _, tag := range tags {
			c.Tags[tag.Key] = tag.Value
		}
	}
	return a.edit(ctx, "TagResources", region, id, set, func() requests.AcsRequest {
		r := slb.CreateTagResourcesRequest()
		r.ResourceType, r.ResourceId = resourceType, &[]string{id}
		setTags(r.FormParams, tags)
		return r
	})
}

// Untag takes the tags with keys off the certificate id. Without keys nothing
// is sent: the API could take that for all of them.
func (a *Account) Untag(ctx context.Context, region, id string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	if slices.Contains(keys, "") {
		return missing("UntagResources", "TagKey")
	}
	remove := func(c *Certificate) {
		for _, key := range keys {
			delete(c.Tags, key)
		}
	}
	return a.edit(ctx, "UntagResources", region, id, remove, func() requests.AcsRequest {
		r := slb.CreateUntagResourcesRequest()
		r.ResourceType, r.ResourceId, r.TagKey = resourceType, &[]string{id}, &keys
		return r
	})
}

// MoveResourceGroup moves the certificate id into group.
func (a *Account) MoveResourceGroup(ctx context.Context, region, id, group string) error {
	const action = "MoveResourceGroup"
	if group == "" {
		return missing(action, "NewResourceGroupId")
	}
	return a.edit(ctx, action, region, id, func(c *Certificate) { c.ResourceGroupID = group }, func() requests.AcsRequest {
		r := slb.CreateMoveResourceGroupRequest()
		r.ResourceType, r.ResourceId, r.NewResourceGroupId = resourceType, id, group
		return r
	})
}

// change makes one call whose answer is its RequestId alone.
func (a *Account) change(ctx context.Context, action, region, id string, build func() requests.AcsRequest) error {
	if id == "" {
		return missing(action, "the certificate's ID")
	}
	_, err := a.ask(ctx, action, region, &wire.Document{}, build)
	return err
}

// edit is a change that the lists of the certificate id show as edited.
func (a *Account) edit(ctx context.Context, action, region, id string, edit func(*Certificate),
	build func() requests.AcsRequest,
) error {
	if err := a.change(ctx, action, region, id, build); err != nil {
		return err
	}
	a.did(region, edited(id, edit, a.client.config.Window))
	return nil
}

// deleted takes the certificate out of the lists that may still have it.
func deleted(id string, window time.Duration) effect {
	return effect{at: time.Now(), lag: 2 * window, apply: func(v *view) { v.remove(id) }}
}

// edited puts a changed copy of the certificate into the lists.
func edited(id string, edit func(*Certificate), window time.Duration) effect {
	return effect{at: time.Now(), lag: window, apply: func(v *view) {
		if c := v.byID[id]; c != nil {
			changed := *c
			changed.Tags = maps.Clone(c.Tags)
			edit(&changed)
			v.put(&changed)
		}
	}}
}
