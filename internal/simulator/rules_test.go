package simulator

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

func TestSDKKeepsRules(t *testing.T) {
	t.Parallel()
	b := start(t)
	client, s := b.slb(), b.site()
	create := slb.CreateCreateRulesRequest()
	create.RegionId, create.LoadBalancerId, create.ListenerPort, create.ListenerProtocol = testRegion, s.loadBalancer, "443", "https"
	create.RuleList = `[{"RuleName":"shop","Domain":"A.com","Url":"/shop","VServerGroupId":"rsp-1"},{"RuleName":"all","Url":"/all","VServerGroupId":"rsp-1"}]`
	made := must(client.CreateRules(create))(t).Rules.Rule
	if len(made) != 2 || made[0].RuleName != "shop" || made[0].RuleId == "" {
		t.Fatalf("made: %+v", made)
	}

	read := slb.CreateDescribeLoadBalancerHTTPSListenerAttributeRequest()
	read.RegionId, read.LoadBalancerId, read.ListenerPort = testRegion, s.loadBalancer, "443"
	rules := func() []slb.Rule {
		return must(client.DescribeLoadBalancerHTTPSListenerAttribute(read))(t).Rules.Rule
	}
	for _, row := range rules() {
		if row.RuleId == made[0].RuleId && (row.Domain != "A.com" || row.Url != "/shop" || row.VServerGroupId != "rsp-1") {
			t.Errorf("the rule is %+v", row)
		}
	}

	extension := map[string]string{"DomainExtensionId": s.extension}
	if status, code := b.refused("DeleteDomainExtension", extension); status != 400 || code != "DomainExtensionRelatedRuleExist" {
		t.Errorf("deleting an extension that a rule uses gives %d %v", status, code)
	}
	b.call("DeleteDomainExtension", map[string]string{"DomainExtensionId": s.other})

	remove := slb.CreateDeleteRulesRequest()
	remove.RegionId, remove.RuleIds = testRegion, `["`+made[0].RuleId+`"]`
	must(client.DeleteRules(remove))(t)
	if left := rules(); len(left) != 1 || left[0].RuleName != "all" {
		t.Errorf("left: %+v", left)
	}
	b.call("DeleteDomainExtension", extension)
	b.call("DeleteLoadBalancerListener", s.form("443"))
	if status, code := b.refused("DeleteRules", map[string]string{"RuleIds": `["` + made[1].RuleId + `"]`}); status != 404 || code != "InvalidRuleId.NotFound" {
		t.Errorf("a rule outlives its listener: %d %v", status, code)
	}
}

func TestRulesRefuse(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.site()
	b.call("CreateLoadBalancerTCPListener", s.form("22"))
	b.call("CreateRules", s.form("443", "RuleList", `[{"RuleName":"r","Domain":"a.com","VServerGroupId":"rsp-1"}]`))
	good := s.form("443", "RuleList", `[{"RuleName":"other","Domain":"b.com","VServerGroupId":"rsp-1"}]`)
	const create, remove = "CreateRules", "DeleteRules"
	before := b.truth()
	for sentence, c := range map[string]struct {
		action string
		edit   func(*exchange)
		status int
		code   string
	}{
		"no list":                 {create, formDrop("RuleList"), 400, "MissingParameter"},
		"a list that is none":     {create, form("RuleList", "{}"), 400, "InvalidParameter.RuleList"},
		"an empty list":           {create, form("RuleList", "[]"), 400, "InvalidParameter.RuleList"},
		"a rule without a name":   {create, form("RuleList", `[{"Domain":"b.com","VServerGroupId":"rsp-1"}]`), 400, "InvalidParameter.RuleList"},
		"a rule for nothing":      {create, form("RuleList", `[{"RuleName":"b","VServerGroupId":"rsp-1"}]`), 400, "InvalidParameter.RuleList"},
		"a rule without a target": {create, form("RuleList", `[{"RuleName":"b","Domain":"b.com"}]`), 400, "InvalidParameter.RuleList"},
		"a name that is taken":    {create, form("RuleList", `[{"RuleName":"r","Domain":"b.com","VServerGroupId":"rsp-1"}]`), 400, "RuleAlreadyExists"},
		"the same domain twice": {create, form("RuleList",
			`[{"RuleName":"x","Domain":"b.com","VServerGroupId":"rsp-1"},{"RuleName":"y","Domain":"B.com","VServerGroupId":"rsp-1"}]`), 400, "RuleAlreadyExists"},
		"no listener":              {create, form("ListenerPort", "445"), 404, "ListenerNotFound"},
		"a TCP listener":           {create, form("ListenerPort", "22"), 404, "ListenerNotFound"},
		"an unknown load balancer": {create, form("LoadBalancerId", "lb-x"), 404, "InvalidLoadBalancerId.NotFound"},
		"no IDs":                   {remove, form(), 400, "MissingParameter"},
		"IDs that are no list":     {remove, form("RuleIds", "rule-x"), 400, "InvalidParameter.RuleIds"},
		"an unknown ID":            {remove, form("RuleIds", `["rule-x"]`), 404, "InvalidRuleId.NotFound"},
	} {
		e := newExchange(c.action, good)
		c.edit(e)
		if err := b.send(e.sign()); err != nil || e.status != c.status || e.document["Code"] != c.code {
			t.Errorf("%s: got %v %d %s, want %d %s", sentence, err, e.status, e.body, c.status, c.code)
		}
	}
	if after := b.truth(); after != before {
		t.Errorf("refused calls changed\n%s\nto\n%s", before, after)
	}
}
