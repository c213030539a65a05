package clb

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	sdkcredentials "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// request is one call of the API.
type request struct {
	action   string
	region   string
	deadline time.Time // for the first byte of the body; zero: none
	limit    int64     // of the answer, in bytes; 0: the usual one
	// build makes the SDK's request. An SDK request keeps what its last use left
	// in it, and so each sending builds its own.
	build func() requests.AcsRequest
}

// ask takes a token of the rate limit, makes one call and reads its answer,
// whose body comes with it.
func (a *Account) ask(ctx context.Context, action, region string, into answer, build func() requests.AcsRequest) ([]byte, error) {
	if err := a.wait(ctx, action); err != nil {
		return nil, err
	}
	body, err := a.do(ctx, request{action: action, region: region, build: build})
	if err != nil {
		return nil, err
	}
	return body, decode(action, body, into)
}

// do sends r and gives the answer's body. Temporary keys that the service takes
// for ended are renewed once. The limiter has been passed before.
func (a *Account) do(ctx context.Context, r request) ([]byte, error) {
	if err := checkRegion(r.action, r.region); err != nil {
		return nil, err
	}
	value, err := a.keys(ctx, r.action)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	body, failure := a.client.send(ctx, r, value)
	if renewer, ok := a.provider.(credentials.Renewer); ok && isTokenRefused(failure) {
		renewer.Renew(value)
		if value, err = a.keys(ctx, r.action); err != nil {
			return nil, err
		}
		body, failure = a.client.send(ctx, r, value)
	}
	if failure == nil {
		return body, nil
	}
	if failure.Class() == clberr.Throttled {
		a.limit().throttled(began)
	}
	return nil, failure
}

// keys asks the provider; whatever it answers, only our error leaves.
func (a *Account) keys(ctx context.Context, action string) (credentials.Value, error) {
	value, err := a.provider.Credentials(ctx)
	var known *clberr.Error
	switch {
	case err == nil:
		return value, nil
	case errors.As(err, &known):
		return credentials.Value{}, known
	default:
		return credentials.Value{}, clberr.New(action, "", "the credentials couldn't be had", "", 0, clberr.NotSent)
	}
}

func isTokenRefused(err *clberr.Error) bool {
	return err != nil && err.Outcome == clberr.Refused && strings.HasPrefix(err.Code, "InvalidSecurityToken.")
}

// send makes one exchange with one SDK client of its own: a shared one is
// written to by every call (SDK v1.63.107, sdk/client.go, setTimeout).
func (c *Client) send(ctx context.Context, r request, value credentials.Value) ([]byte, *clberr.Error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	exchange := wire.NewExchange(ctx, c.base, r.action, r.region)
	exchange.UserAgent, exchange.Deadline, exchange.Now, exchange.Done = c.config.UserAgent, r.deadline, c.now, c.config.Called
	if r.limit > 0 {
		exchange.Limit = r.limit
	}
	err := c.perform(exchange, r, value)
	switch {
	case errors.Is(err, errPanic):
		outcome := clberr.Unknown
		if !exchange.Ran() {
			outcome = clberr.NotSent
		}
		return nil, clberr.New(r.action, "", err.Error(), "", 0, outcome)
	case !exchange.Ran():
		return nil, unsent(r.action, err)
	case c.isByRule(r.region) && exchange.NoSuchHost(c.domain(r.region)):
		return nil, noEndpoint(r.action, r.region, c.domain(r.region))
	case exchange.Failure() != nil:
		return nil, exchange.Failure()
	default:
		return exchange.Answer(), nil
	}
}

var errPanic = errors.New("the SDK panicked")

// perform lets the SDK build and sign the request and hand it to exchange. What
// the SDK makes of the answer isn't used: it panics on odd error documents and
// takes an empty answer for success.
func (c *Client) perform(exchange *wire.Exchange, r request, value credentials.Value) (err error) {
	defer func() {
		if recover() != nil {
			// Without the panic's text, which may quote anything.
			err = errPanic
		}
	}()
	config := sdk.NewConfig().WithScheme("HTTPS").WithAutoRetry(false).WithTimeout(c.config.Timeout + time.Second)
	config.Transport = exchange
	client, err := slb.NewClientWithOptions(r.region, config, signer(func() credentials.Value { return value }))
	if err != nil {
		return err
	}
	client.SetCloseTrace(true)
	client.Domain = c.domain(r.region)
	// The SDK compiles NO_PROXY's entries as regular expressions and parses
	// HTTPS_PROXY on every call, to no effect on our transport: give it harmless ones.
	client.SetNoProxy("^$")
	client.SetHttpsProxy("https://unused.invalid")
	return client.DoAction(r.build(), responses.NewCommonResponse())
}

// unsent is the error of a call that the SDK gave up before sending. Only its
// own client errors are quoted; others may hold the URL.
func unsent(action string, err error) *clberr.Error {
	if client, ok := errors.AsType[*sdkerrors.ClientError](err); ok {
		return clberr.New(action, client.ErrorCode(), client.Message(), "", 0, clberr.NotSent)
	}
	return clberr.New(action, "SDK.ClientError", "the SDK couldn't build the request", "", 0, clberr.NotSent)
}

// signer gives the SDK the keys of one call. It is a function, so that no
// printer can reach them.
type signer func() credentials.Value

// GetCredentials gives the keys in the SDK's form.
func (s signer) GetCredentials() (*sdkcredentials.Credentials, error) {
	value := s()
	return &sdkcredentials.Credentials{
		AccessKeyId: value.AccessKeyID, AccessKeySecret: value.AccessKeySecret,
		SecurityToken: value.SecurityToken, ProviderName: s.GetProviderName(),
	}, nil
}

// GetProviderName is sent as a header.
func (signer) GetProviderName() string { return "clbcert" }
