package simulator

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// identityAudience is the audience that RRSA's projected tokens are made for.
const identityAudience = "sts.aliyuncs.com"

// identityClaims are the claims of a JSON Web Token (RFC 7519) that STS reads.
type identityClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience audience `json:"aud"`
	Expires  int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
}

// audience is one name or a list of them.
type audience []string

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// readIdentityToken checks a token's form, audience and time. Its signature can't be checked here: that would take the
// issuer's keys.
func readIdentityToken(token string, now time.Time) (identityClaims, error) {
	invalid := refuse("AuthenticationFail.OIDCToken.Invalid", "The OIDC token is invalid, or made for another audience.")
	var claims identityClaims
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] == "" {
		return claims, invalid
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return claims, invalid
	}
	if claims.Issuer == "" || claims.Subject == "" || !slices.Contains(claims.Audience, identityAudience) {
		return claims, invalid
	}
	if now.Unix() >= claims.Expires {
		return claims, refuse("AuthenticationFail.OIDCToken.Expired", "The OIDC token is expired.")
	}
	return claims, nil
}
