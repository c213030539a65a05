package simulator

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRestartKeepsTheState(t *testing.T) {
	t.Parallel()
	b := start(t)
	pair := newPair(t, must(usualRSA())(t))
	kept := at[string](b.call("UploadServerCertificate", pair.parameters("Tag.1.Key", "k", "Tag.1.Value", "v")), "ServerCertificateId")
	gone := b.upload()
	b.call("DeleteServerCertificate", map[string]string{"ServerCertificateId": gone})
	b.call("SetServerCertificateName", map[string]string{"ServerCertificateId": kept, "ServerCertificateName": "other"})
	ca := must(os.ReadFile(filepath.Join(b.dir, "ca.crt")))(t)
	b.tear(journalPath(b.dir))

	b.serve()
	var state struct{ Certificates []certificate }
	b.get("/state", &state)
	if len(state.Certificates) != 1 {
		t.Fatalf("after a restart there are %+v", state.Certificates)
	}
	if c := state.Certificates[0]; c.ID != kept || c.Name != "other" || c.Tags["k"] != "v" || c.Digest != pair.digest() || c.Account != DefaultAccount {
		t.Errorf("the certificate changed: %+v", c)
	}
	if again := must(os.ReadFile(filepath.Join(b.dir, "ca.crt")))(t); !slices.Equal(ca, again) {
		t.Error("the CA changed")
	}
}

func TestRestartKeepsAccessKeys(t *testing.T) {
	t.Parallel()
	b := start(t)
	key := b.assumeRole()
	b.put("/access-keys", `{"id":"LTAIsecond","secret":"s","account":"1000000000000002"}`)
	b.stop()
	b.serve()
	if e := key.exchange("DescribeServerCertificates").sign(); b.send(e) != nil || e.status != 200 {
		t.Errorf("the session is lost: %s", e.body)
	}
	e := newExchange("GetCallerIdentity", nil)
	e.query.Set("AccessKeyId", "LTAIsecond")
	e.secret = "s"
	if err := b.send(e.sign()); err != nil || e.document["AccountId"] != "1000000000000002" {
		t.Errorf("the second access key is lost: %v %s", err, e.body)
	}
}

// tear leaves half a line, as a kill in the middle of a write does.
func (b *bench) tear(journal string) {
	b.t.Helper()
	b.stop()
	f, err := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := f.WriteString(`[{"table":"certificates","id":"torn`); err != nil {
		b.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.t.Fatal(err)
	}
}

func TestDamagedStateIsNotReadOver(t *testing.T) {
	t.Parallel()
	for sentence, text := range map[string]string{
		"no JSON":       "hello\n",
		"no such table": `[{"table":"cars","id":"1"}]` + "\n",
		"no such row":   `[{"table":"certificates","id":"1","value":[]}]` + "\n",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(journalPath(dir), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := New(Options{Dir: dir, AccessKeyID: "a", AccessKeySecret: "b"})
		if err == nil || !strings.Contains(err.Error(), "line 1 of") {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestNoKeyIsKeptOrShown(t *testing.T) {
	t.Parallel()
	b := start(t)
	form := newPair(t, must(smallRSA())(t)).parameters()
	b.call("UploadServerCertificate", form)
	form["AliCloudCertificateName"] = form["PrivateKey"] // a client's mistake
	b.call("UploadServerCertificate", form)
	b.stop()
	text := ""
	for _, pattern := range []string{"*", "*/*"} {
		paths, err := filepath.Glob(filepath.Join(b.dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text += string(content)
		}
	}
	b.serve()
	var anything any
	text += string(b.get("/state", &anything)) + string(b.get("/calls", &anything))
	secret := strings.Split(form["PrivateKey"], "\n")[2]
	if strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, secret) || strings.Contains(text, testSecret) && strings.Contains(text, "state") {
		t.Error("a private key or a secret can be read")
	}
}

func TestListsLag(t *testing.T) {
	t.Parallel()
	const lag = time.Minute
	b := start(t, func(o *Options) { o.ListLag = lag })
	listed := func() (certificates, tags int) {
		rows := list(b.call("DescribeServerCertificates", nil), "ServerCertificates", "ServerCertificate")
		tagged := b.call("ListTagResources", map[string]string{"ResourceType": "certificate", "Tag.1.Key": "k"})
		return len(rows), len(list(tagged, "TagResources", "TagResource"))
	}
	expect := func(when string, want int) {
		t.Helper()
		if certificates, tags := listed(); certificates != want || tags != want {
			t.Errorf("%s the lists show %d and %d, want %d", when, certificates, tags, want)
		}
	}
	id := b.upload("Tag.1.Key", "k")
	expect("right after the upload", 0)
	b.call("SetServerCertificateName", map[string]string{"ServerCertificateId": id, "ServerCertificateName": "other"})
	if b.count() != 1 {
		t.Error("the true state lacks the certificate")
	}
	b.clock.advance(lag)
	expect("a lag later", 1)
	b.call("DeleteServerCertificate", map[string]string{"ServerCertificateId": id})
	expect("right after the deletion", 1)
	if status, code := b.refused("DeleteServerCertificate", map[string]string{"ServerCertificateId": id}); status != 404 || code != "ServerCertificateId.NotFound" {
		t.Errorf("a second deletion gives %d %v", status, code)
	}
	if status, code := b.refused("TagResources", map[string]string{"ResourceType": "certificate", "ResourceId.1": id, "Tag.1.Key": "k"}); status != 404 || code != "InvalidResourceId.NotFound" {
		t.Errorf("tagging a deleted one gives %d %v", status, code)
	}
	if b.count() != 0 {
		t.Error("the true state has the certificate still")
	}
	b.clock.advance(lag)
	expect("a lag later still", 0)
}

func TestLatencyIsOnEachCall(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Latency = 50 * time.Millisecond })
	begin := time.Now()
	b.call("DescribeRegions", nil)
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("the call took %v", took)
	}
}

func TestClientThatGivesUpStopsNothing(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Latency = time.Millisecond })
	e := newExchange("UploadServerCertificate", quickPair(t).parameters()).sign()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	request := httptest.NewRequestWithContext(gone, e.method, "/?"+e.query.Encode(), strings.NewReader(e.form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.server.ServeHTTP(httptest.NewRecorder(), request)
	if b.count() != 1 {
		t.Error("the upload was given up with its client")
	}
}

func TestAnswersAreOnDiskBeforeTheyLeave(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.upload()
	written, err := os.ReadFile(journalPath(b.dir))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(journalPath(dir), written, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.certificates.rows[id]; !ok {
		t.Error("a kill right after the answer would lose the certificate")
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
}
