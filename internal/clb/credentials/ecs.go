package credentials

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// MetadataURL is the ECS metadata service, which answers on the instance alone.
const MetadataURL = "http://100.100.100.200"

const (
	actionMetadata  = "GetInstanceRoleCredentials"
	metadataTimeout = 5 * time.Second
	metadataTTL     = "60" // seconds: a token is used at once, for one question
	metadataLimit   = 64 << 10
)

// ECSRole gives the keys of the RAM role attached to the ECS instance that the
// process runs on. base is MetadataURL; only version 2 of the service, with its
// token, is spoken.
func ECSRole(role, base string) Provider {
	service := &metadata{base: strings.TrimSuffix(base, "/"), role: role, client: metadataClient()}
	return refreshing(service.keys)
}

type metadata struct {
	base   string
	role   string
	client *http.Client
}

// metadataClient asks directly: the address is the instance's own, and neither
// a proxy nor a redirect leads there.
func metadataClient() *http.Client {
	dialer := &net.Dialer{Timeout: metadataTimeout}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       metadataTimeout,
	}
}

func (m *metadata) keys(ctx context.Context) (Value, error) {
	token, err := m.ask(ctx, http.MethodPut, "/latest/api/token", "X-aliyun-ecs-metadata-token-ttl-seconds", metadataTTL)
	if err != nil {
		return Value{}, err
	}
	body, err := m.ask(ctx, http.MethodGet, "/latest/meta-data/ram/security-credentials/"+url.PathEscape(m.role),
		"X-aliyun-ecs-metadata-token", strings.TrimSpace(string(token)))
	if err != nil {
		return Value{}, err
	}
	var answer struct {
		AccessKeyID     wire.Text `json:"AccessKeyId"`
		AccessKeySecret wire.Text `json:"AccessKeySecret"`
		SecurityToken   wire.Text `json:"SecurityToken"`
		Expiration      wire.Text `json:"Expiration"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return Value{}, unreadable(actionMetadata)
	}
	return session{Credentials: answer}.value(actionMetadata)
}

// ask makes one question with one header.
func (m *metadata) ask(ctx context.Context, method, path, header, value string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, m.base+path, nil)
	if err != nil {
		return nil, metadataError("its address is unusable", 0)
	}
	req.Header.Set(header, value)
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, metadataError(wire.Cause(err), 0)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, metadataLimit))
	if err != nil {
		return nil, metadataError(wire.Cause(err), resp.StatusCode)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return body, nil
	case http.StatusNotFound:
		// STS's own code for a role that doesn't exist.
		return nil, clberr.New(actionMetadata, "EntityNotExist.Role", "the instance has no RAM role "+m.role, "",
			resp.StatusCode, clberr.Refused)
	default:
		return nil, metadataError("no keys were given", resp.StatusCode)
	}
}

func metadataError(message string, status int) *clberr.Error {
	return clberr.New(actionMetadata, "", "ECS metadata service: "+message, "", status, clberr.Unknown)
}
