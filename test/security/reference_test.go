package security

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// A Secret or Service can't be named but in the object's own namespace.
func TestNothingOfAnotherNamespaceIsReferenced(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	other := s.cluster.Namespace(t)
	for what, refused := range map[string]struct{ spec, because string }{
		"a source":               {`{secretRef: {name: a, namespace: ` + other + `}}`, `unknown field "spec.secretRef.namespace"`},
		"credentials":            {`{secretRef: {name: a}, credentialsSecretRef: {name: a, namespace: ` + other + `}}`, `unknown field "spec.credentialsSecretRef.namespace"`},
		"a Service":              {`{secretRef: {name: a}, bindings: [{name: a, service: {name: a, namespace: ` + other + `}}]}`, `unknown field "spec.bindings[0].service.namespace"`},
		"a source by a path":     {`{secretRef: {name: ` + other + `/a}}`, "a Secret's name has"},
		"credentials by a path":  {`{secretRef: {name: a}, credentialsSecretRef: {name: ` + other + `/a}}`, "a Secret's name has"},
		"a Service by a path":    {`{secretRef: {name: a}, bindings: [{name: a, service: {name: ` + other + `/a}}]}`, "a Service's name has"},
		"a way up from a Secret": {`{secretRef: {name: ../../` + other + `/secrets/a}}`, "a Secret's name has"},
		"another group's kind":   {`{secretRef: {name: a, kind: Secret}}`, `unknown field "spec.secretRef.kind"`},
		"an encoded slash":       {`{secretRef: {name: "` + other + `%2fa"}}`, "a Secret's name has"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			manifest := "apiVersion: clbcert.dev/v1alpha1\nkind: ServerCertificate\nmetadata: {name: web, namespace: " + s.namespace + "}\nspec: " + refused.spec
			_, err := s.cluster.TryKubectl(t.Context(), strings.NewReader(manifest), "create", "--dry-run=server", "--validate=strict", "-f", "-")
			if err == nil || !strings.Contains(err.Error(), refused.because) {
				t.Errorf("%s gave %v, want %q", refused.spec, err, refused.because)
			}
		})
	}
}

// No field of the schema is a namespace, or could be one.
func TestTheSchemaKnowsNoNamespace(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	var definition map[string]any
	text := cluster.Kubectl(t, "get", "crd", "servercertificates.clbcert.dev", "-o", "json")
	if err := json.Unmarshal([]byte(text), &definition); err != nil {
		t.Fatal(err)
	}
	fields := 0
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, item := range node {
				walk(item)
			}
		case map[string]any:
			if properties, ok := node["properties"].(map[string]any); ok {
				for name := range properties {
					fields++
					if strings.Contains(strings.ToLower(name), "namespace") {
						t.Errorf("the schema has the field %s", name)
					}
				}
			}
			if node["x-kubernetes-preserve-unknown-fields"] == true {
				t.Error("the schema takes fields that it doesn't know")
			}
			for _, inner := range node {
				walk(inner)
			}
		}
	}
	walk(definition["spec"])
	if fields < 50 {
		t.Errorf("only %d fields were looked at: is it the right schema?", fields)
	}
}

// What is there under the same name in another namespace is not taken.
func TestASecretOfAnotherNamespaceIsNotTaken(t *testing.T) {
	t.Parallel()
	s := newStage(t, env.Shared(t))
	other := *s
	other.namespace = s.cluster.Namespace(t)
	env.StartManager(t, s.cluster, s.cloud, "--watch-namespaces", s.namespace+","+other.namespace)
	object := s.certificate("web")
	s.create(other.secret("web-tls"), object)
	s.wait(object, "no Secret", says(metav1.ConditionFalse, v1alpha1.ReasonSecretNotFound))
	if calls := s.cloud.Calls(t, "UploadServerCertificate"); len(calls) != 0 {
		t.Errorf("%d uploads of another namespace's Secret", len(calls))
	}
}
