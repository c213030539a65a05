package monitoring

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// post is a message that a receiver got.
type post struct{ path, text string }

// receivers stand in for DingTalk, WeCom and a bridge. They check what the real ones check, and
// as those answer 200 also where they refuse.
type receivers struct {
	url string

	mu      sync.Mutex
	posts   []post
	refused []string
}

// The credentials of docs/notifications.md.
const (
	dingTalkToken = "DINGTALK_TOKEN"
	weComKey      = "WECOM_KEY"
	weComCorp     = "WECOM_CORP"
	weComSecret   = "WECOM_SECRET"
	accessToken   = "access-token-of-an-app"
)

// paths are where each of them takes messages.
var paths = map[string]string{
	"DingTalk's robot": "/robot/send", "WeCom's robot": "/cgi-bin/webhook/send", "WeCom's app": "/cgi-bin/message/send",
	"the bridge": "/dingtalk/webhook1/send",
}

func startReceivers(t *testing.T) *receivers {
	t.Helper()
	r := &receivers{}
	server := httptest.NewServer(http.HandlerFunc(r.answer))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// answer takes a request, or says what the service says against it.
func (r *receivers) answer(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text, err := read(request.URL, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.refused = append(r.refused, fmt.Sprintf("%s: %v: %s", request.URL, err, body))
		fmt.Fprintf(w, `{"errcode": 310000, "errmsg": %q}`, err)
		return
	}
	if text != "" {
		r.posts = append(r.posts, post{request.URL.Path, text})
	}
	fmt.Fprintf(w, `{"errcode": 0, "errmsg": "ok", "access_token": %q, "expires_in": 7200}`, accessToken)
}

// message is what DingTalk, WeCom and Alertmanager's own webhook have in a body.
type message struct {
	MsgType  string `json:"msgtype"`
	Markdown struct{ Title, Text, Content string }
	AgentID  string `json:"agentid"`
	ToParty  string `json:"toparty"`
	Version  string
	Alerts   []struct {
		Status      string
		Annotations map[string]string
	}
}

// read checks a request, and gives the text that people would see.
func read(u *url.URL, body []byte) (string, error) {
	query := u.Query()
	if u.Path == "/cgi-bin/gettoken" {
		if query.Get("corpid") != weComCorp || query.Get("corpsecret") != weComSecret {
			return "", fmt.Errorf("invalid credential")
		}
		return "", nil
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return "", err
	}
	markdown := m.MsgType == "markdown"
	switch u.Path {
	case paths["DingTalk's robot"]:
		// The robot has the keyword clbcert.
		return m.Markdown.Text, unless(markdown && query.Get("access_token") == dingTalkToken && m.Markdown.Title != "" &&
			strings.Contains(m.Markdown.Text, "clbcert"), "token, title or keyword")
	case paths["WeCom's robot"]:
		return m.Markdown.Content, unless(markdown && query.Get("key") == weComKey && len(m.Markdown.Content) <= 4096, "key or length")
	case paths["WeCom's app"]:
		return m.Markdown.Content, unless(markdown && query.Get("access_token") == accessToken && m.AgentID != "" && m.ToParty != "", "token or receiver")
	case paths["the bridge"]:
		var texts []string
		for _, alert := range m.Alerts {
			texts = append(texts, strings.ToUpper(alert.Status)+" "+alert.Annotations["summary"]+" "+alert.Annotations["message"])
		}
		return strings.Join(texts, "\n"), unless(m.Version == "4" && len(texts) > 0, "not Alertmanager's own body")
	default:
		return "", fmt.Errorf("nobody is here")
	}
}

func unless(fine bool, problem string) error {
	if fine {
		return nil
	}
	return fmt.Errorf("refused for its %s", problem)
}

// await waits until each receiver got a message with all of the texts.
func (r *receivers) await(t *testing.T, texts ...string) {
	t.Helper()
	for name, path := range paths {
		eventually(t, fmt.Sprintf("%s to be told %q", name, texts), func() error {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, p := range r.posts {
				if p.path == path && containsAll(p.text, texts) {
					return nil
				}
			}
			return fmt.Errorf("told was %q, refused %q", r.posts, r.refused)
		})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.refused) > 0 {
		t.Errorf("refused was %q", r.refused)
	}
}

// never checks that no message had the text.
func (r *receivers) never(t *testing.T, text string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.posts {
		if strings.Contains(p.text, text) {
			t.Errorf("told was %q", p)
		}
	}
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
