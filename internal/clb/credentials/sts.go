package credentials

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// STS is the Security Token Service (API 2015-04-01) as seen from one region.
// It is safe for concurrent use.
type STS struct {
	// Endpoint is an https URL.
	Endpoint *url.URL
	// Region names the region in errors; may be "".
	Region string
	// Base carries the calls.
	Base http.RoundTripper
	// UserAgent is that of every call.
	UserAgent string
	// Timeout is that of one call.
	Timeout time.Duration
	// Called is told of each call; may be nil.
	Called wire.Done
}

// sessionSeconds is the life asked for: an hour, which every role allows by
// default (AssumeRole, DurationSeconds: 900 to the role's maximum, 3600 unless
// the role says otherwise).
const sessionSeconds = "3600"

// CallerIdentity is the ID of the account that value belongs to. It needs no
// right in RAM.
func (s *STS) CallerIdentity(ctx context.Context, value Value) (string, error) {
	var answer struct {
		AccountID wire.Text `json:"AccountId"`
	}
	const action = "GetCallerIdentity"
	if err := s.signed(ctx, action, value, nil, &answer); err != nil {
		return "", err
	}
	if answer.AccountID == "" {
		return "", unreadable(action)
	}
	return string(answer.AccountID), nil
}

// session is the answer of AssumeRole and AssumeRoleWithOIDC.
type session struct {
	Credentials struct {
		AccessKeyID     wire.Text `json:"AccessKeyId"`
		AccessKeySecret wire.Text `json:"AccessKeySecret"`
		SecurityToken   wire.Text `json:"SecurityToken"`
		Expiration      wire.Text `json:"Expiration"`
	} `json:"Credentials"`
}

// value is the session's keys, which are of no use when one part is missing.
func (s session) value(action string) (Value, error) {
	c := s.Credentials
	expires, err := time.Parse(time.RFC3339, string(c.Expiration))
	if err != nil || c.AccessKeyID == "" || c.AccessKeySecret == "" || c.SecurityToken == "" {
		return Value{}, unreadable(action)
	}
	return Value{
		AccessKeyID: string(c.AccessKeyID), AccessKeySecret: string(c.AccessKeySecret),
		SecurityToken: string(c.SecurityToken), Expires: expires,
	}, nil
}

func unreadable(action string) *clberr.Error {
	return clberr.New(action, "", "the answer lacks what was asked for", "", http.StatusOK, clberr.Unknown)
}

// signed makes a call signed with value.
func (s *STS) signed(ctx context.Context, action string, value Value, form url.Values, answer any) error {
	query := commonQuery(action)
	sign(query, form, value)
	return s.call(ctx, action, query, form, answer)
}

// unsigned makes a call that carries its own proof in form.
func (s *STS) unsigned(ctx context.Context, action string, form url.Values, answer any) error {
	return s.call(ctx, action, commonQuery(action), form, answer)
}

func (s *STS) call(ctx context.Context, action string, query, form url.Values, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	target := *s.Endpoint
	target.Path = strings.TrimSuffix(target.Path, "/") + "/"
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		// Without err: it would quote the URL.
		return clberr.New(action, "", "the STS endpoint isn't a usable URL", "", 0, clberr.NotSent)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	exchange := wire.NewExchange(ctx, s.Base, action, s.Region)
	exchange.UserAgent, exchange.Done = s.UserAgent, s.Called
	resp, _ := exchange.RoundTrip(req)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if failure := exchange.Failure(); failure != nil {
		return failure
	}
	if err := json.Unmarshal(exchange.Answer(), answer); err != nil {
		return unreadable(action)
	}
	return nil
}
