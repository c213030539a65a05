// Package api tests the ServerCertificate's schema on a real API server: what it
// refuses, and that the message says what to do.
package api

import (
	"fmt"
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) { os.Exit(env.Run(m)) }

// source is the shortest valid source.
const source = "secretRef: {name: web-tls}\n"

// binding is a spec with these bindings.
func binding(bindings ...string) string {
	return source + "bindings: [" + strings.Join(bindings, ", ") + "]"
}

// many joins n items made by a format with their number.
func many(n int, format string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(items, ", ")
}

func TestSpecsThatAreTaken(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	namespace := cluster.Namespace(t)
	for sentence, spec := range map[string]string{
		"a Secret alone": source,
		"a certificate of Certificate Management Service": `aliCloudCertificate: {id: "7752925", name: web, region: cn-hangzhou}`,
		"everything at once": source + `
region: cn-hangzhou
certificateName: Web_1.a-b
resourceGroupID: rg-acfmxazb4ph6aiy
tags: {team: shop, empty: "", "a/b.c": "x y"}
credentialsSecretRef: {name: aliyun}
deletionPolicy: Retain
revisionHistoryLimit: 10
suspend: true
bindings:
- {name: default, listener: {loadBalancerID: lb-bp1b6c719dfa08ex, port: 443}}
- {name: sni, listener: {loadBalancerID: lb-bp1b6c719dfa08ex, port: 443, domain: "*.a.com"}}
- {name: ingress, service: {name: web}}
- {name: ingress-sni, service: {name: web, domain: "*.a.com"}}`,
		"17 tags of the greatest length": source + "tags: {" + many(17, strings.Repeat("k", 62)+"%02d: "+strings.Repeat("v", 128)) + "}",
		"32 bindings of the greatest length": binding(many(32,
			"{name: "+strings.Repeat("n", 61)+"%02[1]d, listener: {loadBalancerID: "+strings.Repeat("l", 62)+"%02[1]d, port: 65535, domain: "+
				strings.Repeat(strings.Repeat("d", 62)+".", 3)+strings.Repeat("d", 64-4)+"}}")),
		"a name of 80 characters":      source + "certificateName: " + strings.Repeat("a", 80),
		"one domain on two listeners":  binding("{name: a, listener: {loadBalancerID: lb-1, port: 443, domain: a.com}}", "{name: b, listener: {loadBalancerID: lb-1, port: 444, domain: a.com}}"),
		"no superseded certificate":    source + "revisionHistoryLimit: 0",
		"a tag key that only contains": source + "tags: {my-aliyun: x, x-acs: z}",
	} {
		t.Run(sentence, func(t *testing.T) {
			if err := create(t, cluster, namespace, spec); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestSpecsThatAreRefused(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	namespace := cluster.Namespace(t)
	for sentence, refused := range map[string]struct{ spec, because string }{
		"no source":                           {"{}", "give exactly one source"},
		"two sources":                         {source + `aliCloudCertificate: {id: "1"}`, "give exactly one source"},
		"a Secret without a name":             {"secretRef: {name: ''}", "spec.secretRef.name"},
		"a Secret of another namespace":       {"secretRef: {name: a/b}", "a Secret's name has"},
		"a certificate without id":            {"aliCloudCertificate: {name: web}", "spec.aliCloudCertificate.id: Required"},
		"an empty region":                     {source + "region: ''", "spec.region"},
		"a region in capitals":                {source + "region: CN-Hangzhou", "a region looks like cn-hangzhou"},
		"a region with a dot":                 {source + "region: cn-hangzhou.evil.com", "a region looks like cn-hangzhou"},
		"a name of 81 characters":             {source + "certificateName: " + strings.Repeat("a", 81), "80"},
		"a name that begins with a digit":     {source + "certificateName: 1a", "begins with an English letter"},
		"a name with a blank":                 {source + "certificateName: a b", "begins with an English letter"},
		"a resource group of another form":    {source + "resourceGroupID: default", "begins with rg-"},
		"18 tags":                             {source + "tags: {" + many(18, "k%d: v") + "}", "17"},
		"a tag key of 65 characters":          {source + "tags: {" + strings.Repeat("k", 65) + ": v}", "a tag's key has 1 to 64 characters"},
		"an empty tag key":                    {source + "tags: {'': v}", "a tag's key has 1 to 64 characters"},
		"a tag key of the controller":         {source + "tags: {clbcert.dev/object: a/b}", "doesn't begin with aliyun, acs: or clbcert.dev/"},
		"a tag key that begins with aliyun":   {source + "tags: {aliyunx: v}", "doesn't begin with aliyun"},
		"a tag key that begins with acs:":     {source + "tags: {'acs:x': v}", "doesn't begin with aliyun"},
		"a tag key with a link":               {source + "tags: {'x-https://a': v}", "doesn't contain http://"},
		"a tag value of 129 characters":       {source + "tags: {k: " + strings.Repeat("v", 129) + "}", "128"},
		"a tag value with a link":             {source + "tags: {k: 'see http://a'}", "doesn't contain http://"},
		"a tag value that begins with aliyun": {source + "tags: {k: aliyun}", "doesn't begin with aliyun"},
		"33 bindings":                         {binding(many(33, "{name: b%d, listener: {loadBalancerID: lb-1, port: 443, domain: d%[1]d.com}}")), "32"},
		"two bindings of one name":            {binding("{name: a, service: {name: a}}", "{name: a, service: {name: b}}"), "Duplicate value"},
		"a binding's name that is no label":   {binding("{name: A.b, service: {name: a}}"), "a binding's name has"},
		"a binding without a target":          {binding("{name: a}"), "give exactly one target"},
		"a binding with two targets":          {binding("{name: a, service: {name: a}, listener: {loadBalancerID: lb-1, port: 443}}"), "give exactly one target"},
		"two bindings of one listener":        {binding("{name: a, listener: {loadBalancerID: lb-1, port: 443}}", "{name: b, listener: {loadBalancerID: lb-1, port: 443}}"), "same listener and domain"},
		"domains that differ in case":         {binding("{name: a, service: {name: a, domain: A.com}}", "{name: b, service: {name: a, domain: a.COM}}"), "same service and domain"},
		"port 0":                              {binding("{name: a, listener: {loadBalancerID: lb-1, port: 0}}"), "greater than or equal to 1"},
		"port 65536":                          {binding("{name: a, listener: {loadBalancerID: lb-1, port: 65536}}"), "less than or equal to 65535"},
		"a domain with two wildcards":         {binding("{name: a, service: {name: a, domain: '*.*.a.com'}}"), "a domain is a DNS name"},
		"a wildcard in the middle":            {binding("{name: a, service: {name: a, domain: 'a.*.com'}}"), "a domain is a DNS name"},
		"a Service of another namespace":      {binding("{name: a, service: {name: b/c}}"), "a Service's name has"},
		"an unknown deletion policy":          {source + "deletionPolicy: Keep", "Unsupported value"},
		"11 superseded certificates":          {source + "revisionHistoryLimit: 11", "less than or equal to 10"},
		"a negative limit":                    {source + "revisionHistoryLimit: -1", "greater than or equal to 0"},
		"a misspelt field":                    {source + "certifcateName: a", "unknown field"},
	} {
		t.Run(sentence, func(t *testing.T) {
			err := create(t, cluster, namespace, refused.spec)
			if err == nil || !strings.Contains(err.Error(), refused.because) {
				t.Errorf("got %v, want a refusal that says %q", err, refused.because)
			}
		})
	}
}

func TestARegionStays(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	namespace := cluster.Namespace(t)
	for sentence, change := range map[string]struct {
		spec, status, want v1alpha1.Region
		because            string
	}{
		"it may be set later":                      {"", "", "cn-beijing", ""},
		"it can't be changed":                      {"cn-hangzhou", "", "cn-beijing", "region can't be changed"},
		"it can't be removed":                      {"cn-hangzhou", "", "", "region can't be removed"},
		"it may be set to the status's":            {"", "cn-hangzhou", "cn-hangzhou", ""},
		"it can't be set to another than status's": {"", "cn-hangzhou", "cn-beijing", "must equal status.region"},
	} {
		t.Run(sentence, func(t *testing.T) {
			object := &v1alpha1.ServerCertificate{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "region-"},
				Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: "a"}, Region: change.spec},
			}
			if err := cluster.Client.Create(t.Context(), object); err != nil {
				t.Fatal(err)
			}
			object.Status.Region = string(change.status)
			if err := cluster.Client.Status().Update(t.Context(), object); err != nil {
				t.Fatal(err)
			}
			object.Spec.Region = change.want
			err := cluster.Client.Update(t.Context(), object)
			if (err == nil) != (change.because == "") || err != nil && !strings.Contains(err.Error(), change.because) {
				t.Errorf("got %v, want %q", err, change.because)
			}
		})
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace(t), Name: "web"},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: "a"}},
	}
	if err := cluster.Client.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
	spec := object.Spec
	if spec.DeletionPolicy != v1alpha1.DeletionPolicyDelete || spec.RevisionHistoryLimit == nil || *spec.RevisionHistoryLimit != 1 || spec.Suspend {
		t.Errorf("the defaults are %+v, want Delete, 1, false", spec)
	}
}

// create creates an object of that spec, in YAML, with strict field validation.
func create(t *testing.T, cluster *env.Cluster, namespace, spec string) error {
	t.Helper()
	fields := map[string]any{}
	if err := yaml.Unmarshal([]byte(spec), &fields); err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": fields}}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("ServerCertificate"))
	object.SetNamespace(namespace)
	object.SetGenerateName("spec-")
	return cluster.Client.Create(t.Context(), object, client.FieldValidation("Strict"))
}
