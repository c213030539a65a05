package simulator

import (
	"regexp"
	"strings"
	"time"
)

var (
	roleARN     = regexp.MustCompile(`^acs:ram::(\d{1,20}):role/([A-Za-z0-9._-]{1,64})$`)
	providerARN = regexp.MustCompile(`^acs:ram::(\d{1,20}):oidc-provider/[A-Za-z0-9._-]{1,128}$`)
	sessionName = regexp.MustCompile(`^[A-Za-z0-9.@_-]{2,64}$`)
)

// getCallerIdentity tells whose access key signed.
func getCallerIdentity(_ *Server, c *call) (answer, error) {
	a := answer{
		"AccountId": c.caller.account, "Arn": c.caller.arn, "UserId": c.caller.keyID,
		"PrincipalId": c.caller.keyID, "IdentityType": "RAMUser",
	}
	if c.caller.assumed {
		a["IdentityType"], a["RoleId"] = "AssumedRoleUser", c.caller.role
		a["PrincipalId"] = c.caller.name
	}
	return a, nil
}

// roleRequest is what both kinds of role assumption ask for.
type roleRequest struct {
	account, role, arn, session string
	duration                    time.Duration
}

// readRole reads the role and the session; a duration is 900 s to 12 h, by default 1 h.
func (p *params) readRole() roleRequest {
	r := roleRequest{
		arn: p.required("RoleArn"), session: p.required("RoleSessionName"),
		duration: time.Duration(p.integer("DurationSeconds", 3600, 900, 43200)) * time.Second,
	}
	parts := roleARN.FindStringSubmatch(r.arn)
	if parts == nil {
		p.refuse("InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
		return r
	}
	if !sessionName.MatchString(r.session) {
		p.refuse("InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
	}
	r.account, r.role = parts[1], parts[2]
	if strings.HasPrefix(r.role, "missing-") { // own choice: every other role exists
		p.refuse("EntityNotExist.Role", "The role does not exist: %s.", r.role)
	}
	return r
}

// assumeRole gives a temporary access key for a role, which is denied what the caller is denied.
func assumeRole(s *Server, c *call) (answer, error) {
	role := c.params.readRole()
	if c.params.err != nil {
		return nil, c.params.err
	}
	key, err := s.openSession(c.arrived, role, c.caller.deniedActions)
	if err != nil {
		return nil, err
	}
	return key.assumed(), nil
}

// assumeRoleWithOIDC gives a temporary access key to the bearer of a token.
func assumeRoleWithOIDC(s *Server, c *call) (answer, error) {
	role := c.params.readRole()
	provider, token, stamp := c.params.required("OIDCProviderArn"), c.params.required("OIDCToken"), c.params.required("Timestamp")
	if c.params.err != nil {
		return nil, c.params.err
	}
	if parts := providerARN.FindStringSubmatch(provider); parts == nil || parts[1] != role.account {
		return nil, refuse("InvalidParameter.OIDCProviderArn", "The parameter OIDCProviderArn is wrongly formed, or of another account.")
	}
	timestamp, err := readTimestamp(stamp)
	if err != nil {
		return nil, err
	}
	if skew := c.arrived.Sub(timestamp).Abs(); skew > maxSkew {
		return nil, refuse("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	}
	claims, err := readIdentityToken(token, c.arrived)
	if err != nil {
		return nil, err
	}
	key, err := s.openSession(c.arrived, role, nil)
	if err != nil {
		return nil, err
	}
	a := key.assumed()
	a["OIDCTokenInfo"] = answer{
		"Subject": claims.Subject, "Issuer": claims.Issuer, "ClientIds": strings.Join(claims.Audience, ","),
		"ExpirationTime": apiTime(time.Unix(claims.Expires, 0)), "IssuanceTime": apiTime(time.Unix(claims.IssuedAt, 0)),
		"VerificationInfo": "Success",
	}
	return a, nil
}

// openSession makes a temporary access key and drops those that are over for an hour.
func (s *Server) openSession(now time.Time, role roleRequest, denied []string) (accessKey, error) {
	if limit := s.options.SessionLimit; limit > 0 {
		role.duration = min(role.duration, limit)
	}
	key := accessKey{
		ID: "STS." + randomHex(12), Secret: randomHex(22), Account: role.account, Denied: denied,
		Session: &session{
			Token: "CAIS" + randomHex(64), Role: role.role, Name: role.session,
			Expires: now.Add(role.duration).UTC().Truncate(time.Second),
		},
	}
	return key, s.store.change(func(x *change) error {
		for id, old := range s.store.accessKeys.rows {
			if old.Session != nil && now.Sub(old.Session.Expires) > time.Hour {
				s.store.accessKeys.remove(x, id)
			}
		}
		s.store.accessKeys.put(x, key.ID, key)
		return nil
	})
}

// assumed is the answer to both kinds of role assumption.
func (k accessKey) assumed() answer {
	return answer{
		"AssumedRoleUser": answer{"Arn": k.caller().arn, "AssumedRoleId": k.Session.Role + ":" + k.Session.Name},
		"Credentials":     k.credentials(),
	}
}

func (k accessKey) credentials() answer {
	return answer{
		"AccessKeyId": k.ID, "AccessKeySecret": k.Secret, "SecurityToken": k.Session.Token, "Expiration": apiTime(k.Session.Expires),
	}
}
