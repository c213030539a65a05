package simulator

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// rule is a row of the table of forwarding rules, and of GET /state. A rule uses its listener's extension of the same
// domain.
type rule struct {
	ID             string `json:"id"`
	LoadBalancerID string `json:"loadBalancerID"`
	ListenerPort   int    `json:"listenerPort"`
	Name           string `json:"name"`
	Domain         string `json:"domain,omitempty"`
	URL            string `json:"url,omitempty"`
	VServerGroupID string `json:"vServerGroupID"`
}

// ruleName and maxRules are of CreateRules, parameter RuleList.
var ruleName = regexp.MustCompile(`^[A-Za-z0-9_./-]{1,40}$`)

const maxRules = 10

// ruleList reads the rules to be made, a JSON list in one parameter. The codes are own choice.
func (p *params) ruleList() []rule {
	var given []struct {
		Name           string `json:"RuleName"`
		Domain         string `json:"Domain"`
		URL            string `json:"Url"`
		VServerGroupID string `json:"VServerGroupId"`
	}
	if err := json.Unmarshal([]byte(p.required("RuleList")), &given); err != nil || len(given) == 0 || len(given) > maxRules {
		p.refuse("InvalidParameter.RuleList", "The RuleList must be a JSON list of 1 to %d rules.", maxRules)
	}
	var rules []rule
	for _, row := range given {
		if !ruleName.MatchString(row.Name) || row.Domain == "" && row.URL == "" || row.VServerGroupID == "" {
			p.refuse("InvalidParameter.RuleList", "A rule needs a RuleName, a Domain or a Url, and a VServerGroupId.")
		}
		rules = append(rules, rule{Name: row.Name, Domain: row.Domain, URL: row.URL, VServerGroupID: row.VServerGroupID})
	}
	return rules
}

// createRules gives an HTTP or HTTPS listener forwarding rules: all of them or none. There being no backend servers,
// every server group exists.
func createRules(s *Server, c *call) (answer, error) {
	loadBalancerID, port := c.params.readListener()
	rules, protocol := c.params.ruleList(), strings.ToLower(c.params.optional("ListenerProtocol"))
	if c.params.err != nil {
		return nil, c.params.err
	}
	made := []answer{}
	err := s.store.change(func(x *change) error {
		on, err := s.listener(c, loadBalancerID, port, protocol)
		if err != nil {
			return err
		}
		if on.Protocol == "tcp" { // own choice, as with the actions of HTTPS listeners
			return listenerNotFound()
		}
		if err := s.checkConfigured(loadBalancerID); err != nil {
			return err
		}
		siblings := s.rulesOf(on)
		for _, row := range rules {
			if slices.ContainsFunc(siblings, row.clashes) { // own choice of the code
				return refuse("RuleAlreadyExists", "The listener has a rule of this name, or for this domain and URL.")
			}
			row.ID, row.LoadBalancerID, row.ListenerPort = "rule-"+s.random.word(12), on.LoadBalancerID, on.Port
			siblings = append(siblings, row)
			s.store.rules.put(x, row.ID, row)
			made = append(made, answer{"RuleId": row.ID, "RuleName": row.Name})
		}
		s.configure(x, on.LoadBalancerID, on.Port)
		return nil
	})
	return answer{"Rules": answer{"Rule": made}}, err
}

// clashes tells that a listener can't have both rules.
func (r rule) clashes(other rule) bool {
	return r.Name == other.Name || strings.EqualFold(r.Domain, other.Domain) && r.URL == other.URL
}

// deleteRules deletes the rules of a JSON list of IDs: all of them or none. The codes are own choice.
func deleteRules(s *Server, c *call) (answer, error) {
	var ids []string
	if err := json.Unmarshal([]byte(c.params.required("RuleIds")), &ids); err != nil || len(ids) == 0 {
		c.params.refuse("InvalidParameter.RuleIds", "The RuleIds must be a JSON list of IDs.")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.store.change(func(x *change) error {
		for _, id := range ids {
			row, found := s.store.rules.rows[id]
			if _, err := s.loadBalancer(c, row.LoadBalancerID); err != nil || !found {
				return refuse("InvalidRuleId.NotFound", "The specified rule %s does not exist.", id)
			}
			if err := s.checkConfigured(row.LoadBalancerID); err != nil {
				return err
			}
			s.store.rules.remove(x, id)
			s.configure(x, row.LoadBalancerID, row.ListenerPort)
		}
		return nil
	})
}

// rulesOf are a listener's, by ID. The store is held.
func (s *Server) rulesOf(l listener) []rule {
	return slices.DeleteFunc(s.store.rules.all(), func(row rule) bool {
		return row.LoadBalancerID != l.LoadBalancerID || row.ListenerPort != l.Port
	})
}

// checkUnruled refuses to delete an extension that a rule uses. The store is held.
func (s *Server) checkUnruled(e extension) error {
	for _, row := range s.store.rules.rows {
		if row.LoadBalancerID == e.LoadBalancerID && row.ListenerPort == e.ListenerPort && strings.EqualFold(row.Domain, e.Domain) {
			return refuse("DomainExtensionRelatedRuleExist", "The domain extension is related with rules.")
		}
	}
	return nil
}

func ruleElements(rows []rule) []answer {
	elements := []answer{}
	for _, row := range rows {
		elements = append(elements, answer{
			"RuleId": row.ID, "RuleName": row.Name, "Domain": row.Domain, "Url": row.URL, "VServerGroupId": row.VServerGroupID,
		})
	}
	return elements
}
