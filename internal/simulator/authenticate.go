package simulator

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"sync"
	"time"
)

// authenticate finds out who calls: in this order the signature's completeness, the clock, the access key and its
// token, the signature, and at last the nonce, so that only a rightful request uses one up.
func (s *Server) authenticate(c *call) error {
	if c.operation.unsigned {
		return nil
	}
	if isV3(c.request) {
		return s.authenticateV3(c)
	}
	c.stringToSign = rpcStringToSign(c.request.Method, c.params.values)
	claim, err := readRPCSignature(c)
	if err != nil {
		return err
	}
	key, err := s.admit(c, claim.keyID, claim.token, claim.timestamp)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(claim.signature), []byte(rpcSign(c.stringToSign, key.Secret))) {
		return mismatch(c.stringToSign)
	}
	return s.useNonce(c, claim.keyID, claim.nonce)
}

// admit checks the clock and the access key, and notes the caller.
func (s *Server) admit(c *call, keyID, token string, timestamp time.Time) (accessKey, error) {
	if skew := c.arrived.Sub(timestamp); skew > maxSkew || skew < -maxSkew {
		return accessKey{}, refuse("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	}
	key, err := s.accessKey(keyID, token, c.arrived)
	if err != nil {
		return accessKey{}, err
	}
	c.caller = key.caller()
	return key, nil
}

func (s *Server) useNonce(c *call, keyID, nonce string) error {
	if !s.nonces.use(keyID+" "+nonce, c.arrived) {
		return refuse("SignatureNonceUsed", "Specified signature nonce was used already.")
	}
	return nil
}

// authorize refuses the actions that the caller's access key was denied.
func (s *Server) authorize(c *call) error {
	if !c.caller.denied(c.action) {
		return nil
	}
	if c.operation.version == stsAPI.version {
		return refuse("NoPermission", "You are not authorized to do this action. You should be authorized by RAM.")
	}
	return refuse("Forbidden.RAM", "User not authorized to operate on the specified resource, or this API doesn't support RAM.")
}

func isV3(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "ACS3-") }

// nonces remembers what was used for as long as a timestamp can make it valid again: twice the allowed skew.
type nonces struct {
	mu   sync.Mutex
	used map[string]bool
	old  []usedNonce
}

type usedNonce struct {
	nonce string
	at    time.Time
}

// use tells whether the nonce is fresh, and marks it used.
func (n *nonces) use(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.old) > 0 && now.Sub(n.old[0].at) > 2*maxSkew {
		delete(n.used, n.old[0].nonce)
		n.old = n.old[1:]
	}
	if n.used[nonce] {
		return false
	}
	if n.used == nil {
		n.used = map[string]bool{}
	}
	n.used[nonce] = true
	n.old = append(n.old, usedNonce{nonce, now})
	return true
}
