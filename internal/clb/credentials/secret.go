package credentials

import (
	"strings"
)

// Keys of a credentials Secret.
const (
	keyAccessKeyID     = "accessKeyID"
	keyAccessKeySecret = "accessKeySecret"
	keySecurityToken   = "securityToken"
	keyRoleARN         = "roleARN"
	keySessionName     = "roleSessionName"
	keyExternalID      = "externalID"
)

// Problem is what is wrong with a credentials Secret.
type Problem struct {
	// Key is the Secret's key that is missing or wrong.
	Key string
	// Message says what is wrong and what mends it; it holds no value of the Secret.
	Message string
}

// FromSecret makes the provider that a credentials Secret describes: its keys,
// or the role that they assume. A role without keys is a Problem, never a reason
// to use anybody else's identity. Values are trimmed of blanks.
func FromSecret(data map[string][]byte, sts *STS) (Provider, *Problem) {
	get := func(key string) string { return strings.TrimSpace(string(data[key])) }
	for _, key := range []string{keyAccessKeyID, keyAccessKeySecret} {
		if get(key) == "" {
			return nil, missing(data, key)
		}
	}
	keys := Static(get(keyAccessKeyID), get(keyAccessKeySecret), get(keySecurityToken))
	role := Role{ARN: get(keyRoleARN), SessionName: get(keySessionName), ExternalID: get(keyExternalID)}
	switch {
	case role.ARN == "" && (role.SessionName != "" || role.ExternalID != ""):
		return nil, missing(data, keyRoleARN)
	case role.ARN == "":
		return keys, nil
	}
	if problem := role.Check(); problem != nil {
		return nil, problem
	}
	return sts.AssumeRole(keys, role), nil
}

// missing says so, and names a key that differs in case only.
func missing(data map[string][]byte, key string) *Problem {
	message := "the key " + key + " is missing or empty: add it"
	for other := range data {
		if other != key && strings.EqualFold(other, key) {
			message = "the key " + key + " is missing: rename " + other + " to it"
		}
	}
	return &Problem{Key: key, Message: message}
}
