package clb

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/simulator"
)

// find gives the certificate id in the newest list.
func find(t *testing.T, a *Account, id string, since time.Time) (Certificate, bool) {
	t.Helper()
	lists, err := a.Certificates(t.Context(), region, since, Concern{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, certificate := range lists[0].Certificates {
		if certificate.ID == id {
			return certificate, true
		}
	}
	return Certificate{}, false
}

func TestLifeOfACertificate(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *Config) { c.Window = 0 })
	a := b.account()
	upload := newUpload(t)
	made, err := a.Upload(t.Context(), region, upload)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	steps := map[string]error{
		"tag":    a.Tag(ctx, region, made.ID, []Tag{{"team", "web"}, {"blank", ""}}),
		"untag":  a.Untag(ctx, region, made.ID, []string{"empty"}),
		"rename": a.SetName(ctx, region, made.ID, "renamed"),
		"move":   a.MoveResourceGroup(ctx, region, made.ID, "rg-acfmxazb4ph6aiy"),
	}
	for step, err := range steps {
		if err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	got, ok := find(t, a, made.ID, time.Now())
	if !ok {
		t.Fatal("not listed")
	}
	if !maps.Equal(got.Tags, map[string]string{"team": "web", "blank": "", "clbcert.dev/cluster": "c1"}) {
		t.Errorf("tags %v", got.Tags)
	}
	if got.Name != "renamed" || got.ResourceGroupID != "rg-acfmxazb4ph6aiy" || got.Region != region {
		t.Errorf("listed as %+v", got)
	}
	if !SameFingerprint(got.Fingerprint, upload.Fingerprint) || got.ExpireTime.IsZero() || got.CreateTime.IsZero() {
		t.Errorf("listed as %+v", got)
	}
	deleteTwice(t, a, made.ID)
}

// deleteTwice deletes what the second time doesn't exist any more.
func deleteTwice(t *testing.T, a *Account, id string) {
	t.Helper()
	for range 2 {
		if err := a.Delete(t.Context(), region, id); err != nil {
			t.Error(err)
		}
	}
	if _, ok := find(t, a, id, time.Now()); ok {
		t.Error("still listed after the deletion")
	}
}

func TestTheKeyTravelsInTheBodyAlone(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	if _, err := b.account().Upload(t.Context(), region, newUpload(t)); err != nil {
		t.Fatal(err)
	}
	got := b.calls(actionUpload)
	if len(got) != 1 || got[0].Method != http.MethodPost || !strings.HasPrefix(got[0].UserAgent, "clbcert/test ") {
		t.Fatalf("got %+v", got)
	}
	for _, name := range []string{"PrivateKey", "ServerCertificate", "Tag.2.Value"} {
		if slices.Contains(got[0].QueryParameters, name) || !slices.Contains(got[0].FormParameters, name) {
			t.Errorf("%s isn't in the form alone", name)
		}
	}
	for _, one := range b.calls(actionIdentity) {
		if !strings.HasPrefix(one.UserAgent, "clbcert/test") {
			t.Errorf("STS was asked as %q", one.UserAgent)
		}
	}
}

func TestAliCloudCertificateSendsWhatIsSet(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	a := b.account()
	for i, c := range []struct {
		source AliCloudCertificate
		absent []string
	}{
		{AliCloudCertificate{ID: "7752975"}, []string{"AliCloudCertificateName", "AliCloudCertificateRegionId", "PrivateKey", "ServerCertificate"}},
		{AliCloudCertificate{ID: "7752925", Name: "web"}, []string{"AliCloudCertificateRegionId"}},
	} {
		if _, err := a.Upload(t.Context(), region, Upload{Name: "web", AliCloud: &c.source}); err != nil {
			t.Fatal(err)
		}
		sent := b.calls(actionUpload)[i].FormParameters
		if !slices.Contains(sent, "AliCloudCertificateId") {
			t.Errorf("sent %v without the ID", sent)
		}
		for _, name := range c.absent {
			if slices.Contains(sent, name) {
				t.Errorf("%s was sent", name)
			}
		}
	}
}

func TestRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	b := start(t, nil)
	a := b.account()
	ctx := t.Context()
	whole := newUpload(t)
	without := func(edit func(*Upload)) error {
		upload := whole
		edit(&upload)
		_, err := a.Upload(ctx, region, upload)
		return err
	}
	list := func(region string) error {
		_, err := a.Certificates(ctx, region, time.Now(), Concern{All: true})
		return err
	}
	for sentence, c := range map[string]struct {
		err  error
		code string
	}{
		"deleting nothing":                  {a.Delete(ctx, region, ""), clberr.CodeMissingParameter},
		"renaming nothing":                  {a.SetName(ctx, region, "", "x"), clberr.CodeMissingParameter},
		"renaming to nothing":               {a.SetName(ctx, region, "x", ""), clberr.CodeMissingParameter},
		"tagging nothing":                   {a.Tag(ctx, region, "", []Tag{{"a", "b"}}), clberr.CodeMissingParameter},
		"untagging nothing":                 {a.Untag(ctx, region, "", []string{"a"}), clberr.CodeMissingParameter},
		"untagging an empty key":            {a.Untag(ctx, region, "x", []string{""}), clberr.CodeMissingParameter},
		"moving into no group":              {a.MoveResourceGroup(ctx, region, "x", ""), clberr.CodeMissingParameter},
		"an upload without key":             {without(func(u *Upload) { u.PrivateKeyPEM = nil }), clberr.CodeMissingParameter},
		"an upload without chain":           {without(func(u *Upload) { u.ChainPEM = "" }), clberr.CodeMissingParameter},
		"an upload without source":          {without(func(u *Upload) { u.AliCloud = &AliCloudCertificate{} }), clberr.CodeMissingParameter},
		"no region":                         {list(""), clberr.CodeInvalidRegion},
		"a region that is a host":           {list("cn-x.evil.example/"), clberr.CodeInvalidRegion},
		"an upload after its deadline":      {without(func(u *Upload) { u.Deadline = time.Now().Add(-time.Second) }), ""},
		"an upload into a region of spaces": {func() error { _, err := a.Upload(ctx, "cn hangzhou", whole); return err }(), clberr.CodeInvalidRegion},
	} {
		got := failure(t, c.err)
		if got.Code != c.code || got.Outcome != clberr.NotSent {
			t.Errorf("%s: got %+v", sentence, *got)
		}
	}
	if a.Tag(ctx, region, "x", nil) != nil || a.Untag(ctx, region, "x", nil) != nil {
		t.Error("no tags aren't nothing to do")
	}
	if all := append(b.calls(actionUpload), b.calls("UntagResources")...); len(all) != 0 {
		t.Errorf("calls were made: %+v", all)
	}
}

func TestFaultsOfTheServiceAndTheWay(t *testing.T) {
	t.Parallel()
	for fault, c := range map[string]struct {
		code    string
		class   clberr.Class
		outcome clberr.Outcome
		made    int
	}{
		"OverQuota":                        {"OverQuota", clberr.Quota, clberr.Refused, 0},
		"Throttling.User":                  {"Throttling.User", clberr.Throttled, clberr.Refused, 0},
		"SystemBusy":                       {"SystemBusy", clberr.Transient, clberr.Refused, 0},
		"SignatureDoesNotMatch":            {"SignatureDoesNotMatch", clberr.Auth, clberr.Refused, 0},
		"IncompleteSignature":              {"IncompleteSignature", clberr.Auth, clberr.Refused, 0},
		"http502":                          {"", clberr.Transient, clberr.Unknown, 0},
		"reset":                            {"", clberr.Transient, clberr.Unknown, 0},
		"applied-then-reset":               {"", clberr.Transient, clberr.Unknown, 1},
		"applied-then-http502":             {"", clberr.Transient, clberr.Unknown, 1},
		"EccCertificateNotSupport":         {"EccCertificateNotSupport", clberr.Terminal, clberr.Refused, 0},
		"http307":                          {"", clberr.Transient, clberr.Unknown, 0},
		"applied-then-timeout":             {"", clberr.Transient, clberr.Unknown, 1},
		"http204":                          {"", clberr.Transient, clberr.Unknown, 0},
		"InvalidSecurityToken.Expired":     {"InvalidSecurityToken.Expired", clberr.Auth, clberr.Refused, 0},
		"CertificateNotMatchPrivateKey":    {"CertificateNotMatchPrivateKey", clberr.Terminal, clberr.Refused, 0},
		"OperationDenied.IllegalKeyLength": {"OperationDenied.IllegalKeyLength", clberr.Terminal, clberr.Refused, 0},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(c *Config) { c.Timeout = time.Second; c.Window = 0 }, func(o *simulator.Options) {
				o.Faults = []string{"UploadServerCertificate=" + fault}
			})
			a, upload := b.account(), newUpload(t)
			_, err := a.Upload(t.Context(), region, upload)
			got := failure(t, err)
			if got.Code != c.code || got.Class() != c.class || got.Outcome != c.outcome {
				t.Errorf("got %+v (%s)", *got, got.Class())
			}
			if leaks(got.Error(), upload.PrivateKeyPEM, []byte(upload.ChainPEM), []byte(secret)) {
				t.Errorf("it leaks: %v", got)
			}
			if n := len(b.calls(actionUpload)); n != 1 {
				t.Errorf("%d uploads were sent", n)
			}
			lists, err := a.Certificates(t.Context(), region, time.Now(), Concern{All: true})
			if err != nil || len(lists[0].Certificates) != c.made {
				t.Errorf("got %v, %v", lists, err)
			}
		})
	}
}
