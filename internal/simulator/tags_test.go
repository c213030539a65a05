package simulator

import (
	"strconv"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

func TestTagsComeAndGo(t *testing.T) {
	t.Parallel()
	b := start(t)
	client := b.slb()
	id, other := b.upload("Tag.1.Key", "a", "Tag.1.Value", "1"), b.upload("Tag.1.Key", "a", "Tag.1.Value", "2")
	ids := []string{id, other}

	tag := slb.CreateTagResourcesRequest()
	tag.RegionId, tag.ResourceType, tag.ResourceId = testRegion, "certificate", &ids
	tag.Tag = &[]slb.TagResourcesTag{{Key: "a", Value: "3"}, {Key: "b", Value: "4"}}
	if _, err := client.TagResources(tag); err != nil {
		t.Fatal(err)
	}
	untag := slb.CreateUntagResourcesRequest()
	untag.RegionId, untag.ResourceType, untag.ResourceId, untag.TagKey = testRegion, "certificate", &[]string{other}, &[]string{"b", "absent"}
	if _, err := client.UntagResources(untag); err != nil {
		t.Fatal(err)
	}
	for sentence, c := range map[string]struct {
		filters map[string]string
		want    int
	}{
		"all tags of a resource":          {map[string]string{"ResourceId.1": id}, 2},
		"all tags of two":                 {map[string]string{"ResourceId.1": id, "ResourceId.2": other}, 3},
		"a key with any value":            {map[string]string{"Tag.1.Key": "a"}, 2},
		"a key with its value":            {map[string]string{"Tag.1.Key": "a", "Tag.1.Value": "3"}, 2},
		"a key with its old value":        {map[string]string{"Tag.1.Key": "a", "Tag.1.Value": "1"}, 0},
		"two tags, of which both must be": {map[string]string{"Tag.1.Key": "a", "Tag.2.Key": "b"}, 2},
		"a resource and a tag":            {map[string]string{"ResourceId.1": other, "Tag.1.Key": "b"}, 0},
		"a resource that there isn't":     {map[string]string{"ResourceId.1": "1_2_3_-4"}, 0},
	} {
		c.filters["ResourceType"] = "certificate"
		a := b.call("ListTagResources", c.filters)
		if rows := list(a, "TagResources", "TagResource"); len(rows) != c.want || a["NextToken"] != "" {
			t.Errorf("%s: %v", sentence, a)
		}
	}
	form := map[string]string{"ResourceType": "certificate", "ResourceId.1": id}
	for n := 1; n <= 19; n++ {
		form["Tag."+strconv.Itoa(n)+".Key"] = "more" + strconv.Itoa(n)
	}
	if status, code := b.refused("TagResources", form); status != 400 || code != "TagCountLimit" {
		t.Errorf("21 tags in all: %d %v", status, code)
	}
	b.call("UntagResources", map[string]string{"ResourceType": "certificate", "ResourceId.1": id, "All": "true"})
	b.call("TagResources", form)
}

func TestTagListHasPages(t *testing.T) {
	t.Parallel()
	b := start(t)
	const count, each = 7, 15
	tags := []string{}
	for n := 1; n <= each; n++ {
		tags = append(tags, "Tag."+strconv.Itoa(n)+".Key", "k"+strconv.Itoa(n))
	}
	ids := []string{}
	for range count {
		ids = append(ids, b.upload(tags...))
	}
	seen, pages := map[string]bool{}, 0
	request := slb.CreateListTagResourcesRequest()
	for more := true; more; pages++ {
		token := request.NextToken
		request = slb.CreateListTagResourcesRequest()
		request.RegionId, request.ResourceType, request.ResourceId, request.NextToken = testRegion, "certificate", &ids, token
		page, err := b.slb().ListTagResources(request)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.TagResources.TagResource {
			seen[row.ResourceId+row.TagKey] = true
		}
		request.NextToken, more = page.NextToken, page.NextToken != ""
	}
	if len(seen) != count*each || pages != 3 {
		t.Errorf("%d tags on %d pages", len(seen), pages)
	}
}

func TestMoveResourceGroup(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.upload("ResourceGroupId", "rg-one")
	b.upload()
	move := slb.CreateMoveResourceGroupRequest()
	move.RegionId, move.ResourceType, move.ResourceId, move.NewResourceGroupId = testRegion, "certificate", id, "rg-two"
	if _, err := b.slb().MoveResourceGroup(move); err != nil {
		t.Fatal(err)
	}
	for group, want := range map[string]int{"rg-one": 0, "rg-two": 1, "": 2} {
		a := b.call("DescribeServerCertificates", map[string]string{"ResourceGroupId": group})
		if rows := list(a, "ServerCertificates", "ServerCertificate"); len(rows) != want {
			t.Errorf("in resource group %q there are %d", group, len(rows))
		}
	}
}

func TestRegions(t *testing.T) {
	t.Parallel()
	request := slb.CreateDescribeRegionsRequest()
	a, err := start(t).slb().DescribeRegions(request)
	if err != nil || len(a.Regions.Region) != len(regions) || a.Regions.Region[0].RegionEndpoint == "" {
		t.Errorf("%v: %+v", err, a)
	}
}
