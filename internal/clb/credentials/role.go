package credentials

import (
	"context"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/clbcert/clbcert/internal/clberr"
)

// DefaultSessionName names our sessions in the account's audit log.
const DefaultSessionName = "clbcert"

// Role is a RAM role to assume.
type Role struct {
	// ARN is acs:ram::<account>:role/<name>.
	ARN string
	// SessionName is 2-64 letters, digits, `.`, `@`, `-`, `_`; "" stands for
	// DefaultSessionName.
	SessionName string
	// ExternalID is sent when not empty.
	ExternalID string
}

var (
	// roleARN and sessionName are AssumeRole's rules for RoleArn and RoleSessionName.
	roleARN     = regexp.MustCompile(`^acs:ram::[0-9]+:role/[A-Za-z0-9._-]{1,64}$`)
	sessionName = regexp.MustCompile(`^[A-Za-z0-9.@_-]{2,64}$`)
)

// Check tells what of the role can't be, by the names of a credentials Secret's
// keys; nil when nothing is wrong.
func (r Role) Check() *Problem {
	switch {
	case !roleARN.MatchString(r.ARN):
		return &Problem{Key: keyRoleARN, Message: "the key roleARN isn't a role's ARN: write acs:ram::<account>:role/<name>"}
	case r.SessionName != "" && !sessionName.MatchString(r.SessionName):
		return &Problem{Key: keySessionName, Message: "the key roleSessionName must have 2-64 letters, digits, `.`, `@`, `-` or `_`"}
	default:
		return nil
	}
}

func (r Role) form() url.Values {
	form := url.Values{"RoleArn": {r.ARN}, "DurationSeconds": {sessionSeconds}, "RoleSessionName": {DefaultSessionName}}
	if r.SessionName != "" {
		form.Set("RoleSessionName", r.SessionName)
	}
	return form
}

// AssumeRole gives keys of role, asked for with those of source.
func (s *STS) AssumeRole(source Provider, role Role) Provider {
	return refreshing(func(ctx context.Context) (Value, error) {
		value, err := source.Credentials(ctx)
		if err != nil {
			return Value{}, err
		}
		form := role.form()
		if role.ExternalID != "" {
			form.Set("ExternalId", role.ExternalID)
		}
		var answer session
		if err := s.signed(ctx, actionAssumeRole, value, form, &answer); err != nil {
			return Value{}, err
		}
		return answer.value(actionAssumeRole)
	})
}

// OIDC gives keys of role, asked for with the token in tokenFile, which is read
// again each time: the kubelet replaces it before it ends.
func (s *STS) OIDC(role Role, providerARN, tokenFile string) Provider {
	return refreshing(func(ctx context.Context) (Value, error) {
		token, err := readToken(tokenFile)
		if err != nil {
			return Value{}, err
		}
		form := role.form()
		form.Set("OIDCProviderArn", providerARN)
		form.Set("OIDCToken", token)
		var answer session
		if err := s.unsigned(ctx, actionAssumeRoleWithOIDC, form, &answer); err != nil {
			return Value{}, err
		}
		return answer.value(actionAssumeRoleWithOIDC)
	})
}

const (
	actionAssumeRole         = "AssumeRole"
	actionAssumeRoleWithOIDC = "AssumeRoleWithOIDC"
)

// readToken reads the projected service account token. An unreadable or empty
// file counts as transient: the kubelet may be writing it.
func readToken(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", clberr.New(actionAssumeRoleWithOIDC, "", "reading the OIDC token: "+err.Error(), "", 0, clberr.NotSent)
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", clberr.New(actionAssumeRoleWithOIDC, "", "the OIDC token file "+file+" is empty", "", 0, clberr.NotSent)
	}
	return token, nil
}
