package plugin

import (
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clb"
)

var orphansNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// orphanCert is a certificate of last month, valid for a year, with tags key=value.
func orphanCert(tags ...string) clb.Certificate {
	c := clb.Certificate{ID: "1", Name: "web", Region: "cn-hangzhou", CreateTime: orphansNow.AddDate(0, -1, 0), ExpireTime: orphansNow.AddDate(0, 11, 0), Tags: map[string]string{}}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		c.Tags[key] = value
	}
	return c
}

const (
	taggedOurs   = v1alpha1.TagCluster + "=prod"
	taggedTheirs = v1alpha1.TagCluster + "=other"
	taggedWeb    = v1alpha1.TagObject + "=shop/web"
)

func bornAt(c clb.Certificate, at time.Time) clb.Certificate { c.CreateTime = at; return c }

func hasExpired(c clb.Certificate) clb.Certificate { c.ExpireTime = orphansNow; return c }

// objectOf is one of the cluster, as amended.
func objectOf(name string, amend func(*v1alpha1.ServerCertificate)) v1alpha1.ServerCertificate {
	o := v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	if amend != nil {
		amend(&o)
	}
	return o
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 200)
	used := []string{"lb-1:443"}
	for sentence, c := range map[string]struct {
		certificate clb.Certificate
		users       []string
		object      v1alpha1.ServerCertificate
		// why is "" for none; kept and keptToo say why it isn't deleted, without and with --untagged.
		why, kept, keptToo string
		others, young      int
	}{
		"its object is gone":                      {certificate: orphanCert(taggedOurs, taggedWeb), why: "object shop/web is gone"},
		"its tags name no object":                 {certificate: orphanCert(taggedOurs), why: "its tags name no object"},
		"of a gone object, and still used":        {certificate: orphanCert(taggedOurs, taggedWeb), users: used, why: "object shop/web is gone", kept: "it is used by lb-1:443", keptToo: "it is used by lb-1:443"},
		"of a gone object, with tags of the spec": {certificate: orphanCert(taggedOurs, taggedWeb, "team=shop"), why: "object shop/web is gone"},
		"its object is there":                     {certificate: orphanCert(taggedOurs, taggedWeb), object: objectOf("web", nil)},
		"its object is being deleted":             {certificate: orphanCert(taggedOurs, taggedWeb), object: objectOf("web", func(o *v1alpha1.ServerCertificate) { o.DeletionTimestamp = &metav1.Time{Time: orphansNow} })},
		"its object has a long name":              {certificate: orphanCert(taggedOurs, v1alpha1.TagObject+"="+v1alpha1.ObjectTag("shop", long)), object: objectOf(long, nil)},
		"an object's status names it":             {certificate: orphanCert(taggedOurs, taggedWeb), object: objectOf("new", func(o *v1alpha1.ServerCertificate) { o.Status.CertificateID = "1" })},
		"an object's status names it as superseded": {certificate: orphanCert(taggedOurs, taggedWeb), object: objectOf("new", func(o *v1alpha1.ServerCertificate) {
			o.Status.Superseded = []v1alpha1.SupersededCertificate{{CertificateID: "1"}}
		})},
		"an object's binding serves it": {certificate: orphanCert(), object: objectOf("new", func(o *v1alpha1.ServerCertificate) {
			o.Status.Bindings = []v1alpha1.BindingStatus{{CertificateID: "1"}}
		})},
		"an object is to adopt it": {certificate: orphanCert(), object: objectOf("new", func(o *v1alpha1.ServerCertificate) {
			o.Annotations = map[string]string{v1alpha1.AnnotationAdopt: " 1 "}
		})},
		"another object is there":                     {certificate: orphanCert(taggedOurs, taggedWeb), object: objectOf("other", func(o *v1alpha1.ServerCertificate) { o.Status.CertificateID = "2" }), why: "object shop/web is gone"},
		"another cluster's":                           {certificate: orphanCert(taggedTheirs, taggedWeb), others: 1},
		"another cluster's, expired":                  {certificate: hasExpired(orphanCert(taggedTheirs, taggedWeb)), others: 1},
		"of a cluster without a name":                 {certificate: orphanCert(v1alpha1.TagCluster + "="), others: 1},
		"of a gone object, just uploaded":             {certificate: bornAt(orphanCert(taggedOurs, taggedWeb), orphansNow.Add(-59*time.Second)), young: 1},
		"of a gone object, a minute old":              {certificate: bornAt(orphanCert(taggedOurs, taggedWeb), orphansNow.Add(-time.Minute)), why: "object shop/web is gone"},
		"of an unknown age":                           {certificate: bornAt(orphanCert(taggedOurs, taggedWeb), time.Time{}), young: 1},
		"of the future":                               {certificate: bornAt(orphanCert(taggedOurs, taggedWeb), orphansNow.Add(time.Hour)), young: 1},
		"just uploaded, its object is there":          {certificate: bornAt(orphanCert(taggedOurs, taggedWeb), orphansNow), object: objectOf("web", nil)},
		"just uploaded, and used":                     {certificate: bornAt(orphanCert(), orphansNow), users: used},
		"nobody's, valid and used":                    {certificate: orphanCert(), users: used},
		"nobody's and unused":                         {certificate: orphanCert(), why: "unused", kept: "it isn't this cluster's", keptToo: "it hasn't expired, and somebody may have a use for it yet"},
		"nobody's, expired and unused":                {certificate: hasExpired(orphanCert()), why: "expired, unused", kept: "it isn't this cluster's"},
		"nobody's, expired and used":                  {certificate: hasExpired(orphanCert()), users: used, why: "expired", kept: "it is used by lb-1:443", keptToo: "it is used by lb-1:443"},
		"nobody's, of another tool":                   {certificate: hasExpired(orphanCert("b=2", "a=1")), why: "expired, unused, tagged a=1 b=2", kept: "it isn't this cluster's", keptToo: "its tags (a=1, b=2) say that somebody looks after it"},
		"nobody's, with the cloud's own tags":         {certificate: hasExpired(orphanCert("acs:rm:rgId=rg-1")), why: "expired, unused", kept: "it isn't this cluster's"},
		"nobody's, with an object's tag but no other": {certificate: orphanCert(taggedWeb), object: objectOf("web", nil), why: "unused, tagged clbcert.dev/object=shop/web", kept: "it isn't this cluster's", keptToo: "its tags (clbcert.dev/object=shop/web) say that somebody looks after it"},
		"nobody's, without a known expiry":            {certificate: func() clb.Certificate { c := orphanCert(); c.ExpireTime = time.Time{}; return c }(), why: "unused", kept: "it isn't this cluster's", keptToo: "it hasn't expired, and somebody may have a use for it yet"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			j := judgeOrphans(holdings{
				now: orphansNow, clusterID: "prod", certificates: []clb.Certificate{c.certificate}, users: map[string][]string{"1": c.users},
				objects: []v1alpha1.ServerCertificate{c.object},
			})
			if len(j.orphans) == 0 {
				if c.why != "" {
					t.Errorf("it is no orphan")
				}
			} else if o := j.orphans[0]; o.Why != c.why || o.keptFor(false) != c.kept || o.keptFor(true) != c.keptToo {
				t.Errorf("got %q, kept since %q, with --untagged %q", o.Why, o.keptFor(false), o.keptFor(true))
			}
			if j.others != c.others || j.young != c.young || !j.listed.Has("1") {
				t.Errorf("%d are of others, %d are young", j.others, j.young)
			}
		})
	}
}

func TestOrphansOfThisClusterComeFirstThenTheOldest(t *testing.T) {
	t.Parallel()
	h := holdings{now: orphansNow, clusterID: "prod"}
	for i, c := range []clb.Certificate{orphanCert(), bornAt(orphanCert(taggedOurs), orphansNow.AddDate(0, -2, 0)), orphanCert(taggedOurs), bornAt(orphanCert(), orphansNow.AddDate(-1, 0, 0))} {
		c.ID = string(rune('a' + i))
		h.certificates = append(h.certificates, c)
	}
	var ids string
	for _, o := range judgeOrphans(h).orphans {
		ids += o.CertificateID
	}
	if ids != "bcda" {
		t.Errorf("got %s", ids)
	}
}

func TestUsedByServices(t *testing.T) {
	t.Parallel()
	service := corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{
		ccm.AnnotationCertificate: "1", ccm.AnnotationExtensions: "a.com:2,b.com:1",
	}}}
	users := map[string][]string{"1": {"lb-1:443"}}
	usedByServices([]corev1.Service{{}, service}, users)
	want := map[string][]string{"1": {"lb-1:443", "Service shop/web"}, "2": {"Service shop/web"}}
	if !reflect.DeepEqual(users, want) {
		t.Errorf("got %v", users)
	}
}
