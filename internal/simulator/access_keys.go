package simulator

import (
	"crypto/hmac"
	"fmt"
	"slices"
	"time"
)

// accessKey is a row of the table of access keys: a user's lasting one, or the temporary one of a role's session.
type accessKey struct {
	ID       string   `json:"id"`
	Secret   string   `json:"secret"`
	Account  string   `json:"account"`
	Denied   []string `json:"denied,omitempty"`   // actions, or * for all
	Inactive bool     `json:"inactive,omitempty"` // disabled by its owner

	Session *session `json:"session,omitempty"`
}

// session is what a temporary access key has more than a lasting one.
type session struct {
	Token   string    `json:"token"`
	Role    string    `json:"role"`
	Name    string    `json:"name"`
	Expires time.Time `json:"expires"`
}

// caller is who signed a request.
type caller struct {
	account, keyID, arn, name string
	assumed                   bool // a role's session
	role                      string
	deniedActions             []string
}

func (c caller) denied(action string) bool {
	return slices.Contains(c.deniedActions, "*") || slices.Contains(c.deniedActions, action)
}

func (c caller) identityType() string {
	switch {
	case c.keyID == "":
		return "Anonymous"
	case c.assumed:
		return "AssumedRoleUser"
	}
	return "SubUser"
}

func (k accessKey) caller() caller {
	if k.Session == nil {
		return caller{
			account: k.Account, keyID: k.ID, deniedActions: k.Denied,
			arn: fmt.Sprintf("acs:ram::%s:user/%s", k.Account, k.ID), name: k.ID,
		}
	}
	name := k.Session.Role + "/" + k.Session.Name
	return caller{
		account: k.Account, keyID: k.ID, deniedActions: k.Denied, assumed: true, role: k.Session.Role,
		arn: fmt.Sprintf("acs:ram::%s:assumed-role/%s", k.Account, name), name: name,
	}
}

// deniesUnknown gives an action that is denied but doesn't exist.
func (k accessKey) deniesUnknown() (string, bool) {
	for _, name := range k.Denied {
		if _, known := operations[name]; !known && name != "*" {
			return name, true
		}
	}
	return "", false
}

// accessKey finds a key, and checks its state and its token.
func (s *Server) accessKey(id, token string, now time.Time) (accessKey, error) {
	var key accessKey
	var known, tokenKnown bool
	s.store.read(func() {
		key, known = s.store.accessKeys.rows[id]
		if token != "" && (key.Session == nil || token != key.Session.Token) {
			tokenKnown = s.isToken(token)
		}
	})
	switch {
	case !known, key.Session != nil && token == "": // a temporary key is none without its token
		return accessKey{}, refuse("InvalidAccessKeyId.NotFound", "Specified access key is not found.")
	case key.Inactive:
		return accessKey{}, refuse("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
	}
	return key, key.checkToken(token, tokenKnown, now)
}

func (s *Server) isToken(token string) bool {
	for _, key := range s.store.accessKeys.rows {
		if key.Session != nil && key.Session.Token == token {
			return true
		}
	}
	return false
}

func (k accessKey) checkToken(token string, ofAnother bool, now time.Time) error {
	switch {
	case k.Session == nil && token == "":
		return nil
	case ofAnother, k.Session == nil:
		return refuse("InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatches with the AccessKey.")
	case !hmac.Equal([]byte(token), []byte(k.Session.Token)):
		return refuse("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
	case !now.Before(k.Session.Expires):
		return refuse("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
	}
	return nil
}
