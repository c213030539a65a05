package clb

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/simulator"
)

func TestEqualKeysShareAnAccountAndEqualIDsALimiter(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	b.put("/access-keys", `{"id":"LTAIsecond","secret":"s2","account":"`+simulator.DefaultAccount+`"}`)
	b.put("/access-keys", `{"id":"LTAIother","secret":"s3","account":"1000000000000002"}`)
	first, again := b.account(), b.account()
	second := account(t, b.client, "secret/2", credentials.Static("LTAIsecond", "s2", ""))
	other := account(t, b.client, "secret/3", credentials.Static("LTAIother", "s3", ""))
	if first != again || first == second || first.limit() != second.limit() || first.limit() == other.limit() || other.ID() != "1000000000000002" {
		t.Error("accounts or limiters aren't shared as they should be")
	}
	if n := len(b.calls(actionIdentity)); n != 3 {
		t.Errorf("STS was asked %d times", n)
	}
	first.limit().throttled(time.Now())
	if first.limit().lowered.IsZero() || !other.limit().lowered.IsZero() {
		t.Error("throttling one account is to slow that one alone")
	}
}

func TestRefusedCredentialsAreAnError(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	for sentence, provider := range map[string]credentials.Provider{
		"an unknown key": credentials.Static("LTAInobody", secret, ""),
		"a wrong secret": credentials.Static(keyID, "wrong"+secret, ""),
		"a wrong token":  credentials.Static(keyID, secret, "token"),
	} {
		_, err := b.client.Account(t.Context(), sentence, region, provider)
		if got := failure(t, err); got.Class() != clberr.Auth || leaks(got.Error(), []byte("wrong"+secret)) {
			t.Errorf("%s: got %v", sentence, err)
		}
	}
}

func TestUnreachableSTSLeavesTheIDOpen(t *testing.T) {
	t.Parallel()
	b := start(t, nil, func(o *simulator.Options) { o.Faults = []string{"GetCallerIdentity=http502"} })
	for range 3 {
		if a := b.account(); a.ID() != "" {
			t.Errorf("got ID %q", a.ID())
		}
	}
	a := b.account()
	if n := len(b.calls(actionIdentity)); n != 1 {
		t.Errorf("STS was asked %d times within 30 s", n)
	}
	b.put("/faults", `[]`)
	a.mu.Lock()
	a.asked = time.Now().Add(-askAgain)
	a.mu.Unlock()
	b.account()
	a.turn <- struct{}{} // the question in the background has ended
	if a.ID() != simulator.DefaultAccount {
		t.Errorf("30 s later: %q", a.ID())
	}
}

func TestRegionsAreCheckedBeforeSTSIsAsked(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	_, err := b.client.Account(t.Context(), "k", "evil.example/", credentials.Static(keyID, secret, ""))
	if got := failure(t, err); got.Code != clberr.CodeInvalidRegion {
		t.Errorf("got %v", err)
	}
}

func TestAccountsAreBounded(t *testing.T) {
	t.Parallel()
	var all accounts
	all.init(0, 1)
	create := func(own *limiter) *Account { return &Account{limiter: own} }
	first := all.get("0", create)
	for i := range 2 * maxAccounts {
		made := all.get(fmt.Sprint(i), create)
		made.id = fmt.Sprint("account-", i)
		all.limiterOf(made.id)
		if all.get("0", create) != first {
			t.Fatal("the account in use was dropped")
		}
	}
	if len(all.byKey) != maxAccounts || len(all.limiters) > maxAccounts {
		t.Errorf("%d accounts, %d limiters", len(all.byKey), len(all.limiters))
	}
}

func TestRegionsAreBounded(t *testing.T) {
	t.Parallel()
	a := stub(t, says(200, `{}`))
	for i := range 2 * maxRegions {
		a.listing(fmt.Sprint("cn-", i))
	}
	if len(a.regions) != maxRegions || a.regions[fmt.Sprint("cn-", 2*maxRegions-1)] == nil {
		t.Errorf("%d regions", len(a.regions))
	}
}

// renewed is a provider whose first keys the service takes for ended.
type renewed struct{ renewals atomic.Int32 }

func (r *renewed) Credentials(context.Context) (credentials.Value, error) {
	return credentials.Value{AccessKeyID: fmt.Sprint("STS.", r.renewals.Load()), AccessKeySecret: secret, SecurityToken: "t"}, nil
}

func (r *renewed) Renew(credentials.Value) { r.renewals.Add(1) }

func TestRefusedTokensAreRenewedOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	a := stub(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.URL.Query().Get("AccessKeyId") == "STS.1" {
			_, _ = io.WriteString(w, `{"RequestId":"R-1"}`)
			return
		}
		says(400, `{"RequestId":"R-1","Code":"InvalidSecurityToken.Expired","Message":"m"}`)(w, r)
	})
	provider := &renewed{}
	a.provider = provider
	if err := a.SetName(t.Context(), region, "1_a", "web"); err != nil || calls.Load() != 2 {
		t.Errorf("got %v after %d calls", err, calls.Load())
	}
	provider.renewals.Store(5)
	if err := a.SetName(t.Context(), region, "1_a", "web"); err == nil || calls.Load() != 4 {
		t.Errorf("got %v after %d calls", err, calls.Load())
	}
}

func TestThrottlingSlowsTheAccountDown(t *testing.T) {
	t.Parallel()
	a := stub(t, says(400, `{"RequestId":"R-1","Code":"Throttling.User","Message":"slow down"}`))
	err := a.SetName(t.Context(), region, "1_a", "web")
	if got := failure(t, err); got.Class() != clberr.Throttled || a.limit().lowered.IsZero() {
		t.Errorf("got %v", err)
	}
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Window = 10 * time.Millisecond })
	upload := newUpload(t)
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			a, err := b.client.Account(t.Context(), fmt.Sprint("key", i%3), region, credentials.Static(keyID, secret, ""))
			if err != nil {
				t.Error(err)
				return
			}
			made, err := a.Upload(t.Context(), region, upload)
			if err != nil {
				t.Error(err)
				return
			}
			if err := a.Tag(t.Context(), region, made.ID, []Tag{{"n", fmt.Sprint(i)}}); err != nil {
				t.Error(err)
			}
			lists, err := a.Certificates(t.Context(), region, time.Now(), Concern{All: true})
			if err != nil || !has(lists[0], made.ID) {
				t.Errorf("its own upload isn't listed: %v", err)
			}
			if err := a.Delete(t.Context(), region, made.ID); err != nil {
				t.Error(err)
			}
			if lists, err = a.Certificates(t.Context(), region, time.Now(), Concern{All: true}); err != nil || has(lists[0], made.ID) {
				t.Errorf("its own deletion isn't seen: %v", err)
			}
		})
	}
	group.Wait()
}

func TestListsThatLagAreCorrected(t *testing.T) {
	t.Parallel()
	b := start(t, nil, func(o *simulator.Options) { o.ListLag = time.Hour })
	a := b.account()
	made, err := a.Upload(t.Context(), region, newUpload(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := find(t, a, made.ID, time.Now()); !ok {
		t.Error("an upload is missing from a list that lags")
	}
	if err := a.Delete(t.Context(), region, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := find(t, a, made.ID, time.Now()); ok {
		t.Error("a deleted certificate is in a list that lags")
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		config Config
		region string
		want   string
		sts    string
	}{
		"a central region":  {Config{}, "cn-hangzhou", "slb.aliyuncs.com", "https://sts.cn-hangzhou.aliyuncs.com"},
		"a regional one":    {Config{}, "eu-central-1", "slb.eu-central-1.aliyuncs.com", "https://sts.eu-central-1.aliyuncs.com"},
		"inside a VPC":      {Config{VPC: true}, "cn-hangzhou", "slb-vpc.cn-hangzhou.aliyuncs.com", "https://sts-vpc.cn-hangzhou.aliyuncs.com"},
		"one's own":         {Config{Endpoint: "https://h:8443/p/", STSEndpoint: "https://s"}, "cn-x", "h:8443/p", "https://s"},
		"STS of no region":  {Config{VPC: true}, "", "slb-vpc..aliyuncs.com", "https://sts.aliyuncs.com"},
		"STS of a bad name": {Config{}, "evil.example/", "slb.evil.example/.aliyuncs.com", "https://sts.aliyuncs.com"},
	} {
		client, err := New(c.config)
		if err != nil {
			t.Fatal(err)
		}
		if got, sts := client.domain(c.region), client.STS(c.region).Endpoint.String(); got != c.want || sts != c.sts {
			t.Errorf("%s: got %s and %s", sentence, got, sts)
		}
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, config := range []Config{
		{Endpoint: "http://h"}, {Endpoint: "h:443"}, {Endpoint: "https://"}, {Endpoint: "https://u:" + secret + "@h"},
		{STSEndpoint: "http://h"}, {Endpoint: "https://h?x=" + secret}, {Endpoint: "https://h/%zz"}, {QPS: -1}, {Timeout: -1},
	} {
		if _, err := New(config); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%+v: got %v", config, err)
		}
	}
}

func TestDebugOfTheSDKIsRefused(t *testing.T) {
	for value, refused := range map[string]bool{"": false, "http": false, "sdk": true, "a,sdk": true} {
		t.Setenv("DEBUG", value)
		if err := CheckEnvironment(); (err != nil) != refused {
			t.Errorf("DEBUG=%q: got %v", value, err)
		}
	}
}

func TestProxySettingsOfTheSDKDoNotMatter(t *testing.T) {
	t.Setenv("NO_PROXY", "[::1")
	t.Setenv("HTTPS_PROXY", "https://user:pass word%zz@proxy")
	a := stub(t, says(200, `{"RequestId":"R-1"}`))
	if err := a.SetName(t.Context(), region, "1_a", "web"); err != nil {
		t.Error(err)
	}
}
