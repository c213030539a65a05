package clb

import (
	"testing"
)

func TestTheFormerVersionOfCredentialsIsForgotten(t *testing.T) {
	t.Parallel()
	var a accounts
	a.init(0, 1)
	create := func(*limiter) *Account { return &Account{} }
	kept := a.get("manager", create)
	role := a.get("role|acs:ram::1:role/x||", create)
	a.get("secret 1 resourceVersion=5", create)
	other := a.get("secret 12 resourceVersion=5", create)
	a.get("secret 1 resourceVersion=6", create)
	if _, there := a.byKey["secret 1 resourceVersion=5"]; there || len(a.byKey) != 4 {
		t.Errorf("%d accounts are remembered, the former version among them: %v", len(a.byKey), there)
	}
	if a.get("manager", create) != kept || a.get("role|acs:ram::1:role/x||", create) != role || a.get("secret 12 resourceVersion=5", create) != other {
		t.Error("other credentials were forgotten with it")
	}
}
