package main

import (
	"fmt"
	"os"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/controllers"
	"github.com/clbcert/clbcert/internal/clb/credentials"
)

// credentialsMap is the content of --credentials-map: the first entry whose selector
// matches a namespace's labels names the role that its objects get. A namespace that
// no entry matches gets the manager's own credentials.
type credentialsMap struct {
	Roles []struct {
		NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector"`
		RoleARN           string                `json:"roleARN"`
		RoleSessionName   string                `json:"roleSessionName"`
		ExternalID        string                `json:"externalID"`
	} `json:"roles"`
}

// readCredentialsMap reads the rules; none from no file.
func (o *options) readCredentialsMap() error {
	if o.credentialsMapFile == "" {
		return nil
	}
	text, err := os.ReadFile(o.credentialsMapFile)
	if err != nil {
		return fmt.Errorf("--credentials-map: %w", err)
	}
	var content credentialsMap
	if err := yaml.UnmarshalStrict(text, &content); err != nil {
		return fmt.Errorf("--credentials-map: reading %s: %w", o.credentialsMapFile, err)
	}
	o.roles, err = content.rules(o.credentialsMapFile)
	return err
}

// rules are the entries' rules, in their order.
func (content credentialsMap) rules(file string) ([]controllers.RoleRule, error) {
	rules := make([]controllers.RoleRule, 0, len(content.Roles))
	for i, entry := range content.Roles {
		where := fmt.Sprintf("--credentials-map: %s: roles[%d]", file, i)
		if entry.NamespaceSelector == nil {
			return nil, fmt.Errorf("%s: namespaceSelector is missing: write {} to match every namespace", where)
		}
		selector, err := metav1.LabelSelectorAsSelector(entry.NamespaceSelector)
		if err != nil {
			return nil, fmt.Errorf("%s: namespaceSelector: %w", where, err)
		}
		role := credentials.Role{ARN: entry.RoleARN, SessionName: entry.RoleSessionName, ExternalID: entry.ExternalID}
		if problem := role.Check(); problem != nil {
			return nil, fmt.Errorf("%s: %s", where, problem.Message)
		}
		rules = append(rules, controllers.RoleRule{Namespaces: selector, Role: role})
	}
	return rules, nil
}
