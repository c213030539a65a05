package monitoring

import (
	"os"
	"path/filepath"
	"testing"

	lua "github.com/yuin/gopher-lua"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// patch reads the data of a patch for a ConfigMap of Argo CD's.
func patch(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "config", "argocd", name))
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Data map[string]string }
	if err := yaml.UnmarshalStrict(text, &content); err != nil {
		t.Fatal(err)
	}
	return content.Data
}

// health runs the script of config/argocd as Argo CD does: on the object as it is in the API,
// with no library that reaches out of it.
func health(t *testing.T, object map[string]any) (status, message string) {
	t.Helper()
	script := patch(t, "health.yaml")["resource.customizations.health.clbcert.dev_ServerCertificate"]
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString} {
		l.Push(l.NewFunction(open))
		l.Push(lua.LString(name))
		l.Call(1, 0)
	}
	l.SetGlobal("obj", value(l, object))
	if err := l.DoString(script); err != nil {
		t.Fatal(err)
	}
	answer, ok := l.Get(-1).(*lua.LTable)
	if !ok {
		t.Fatalf("the script gives %s", l.Get(-1))
	}
	return answer.RawGetString("status").String(), answer.RawGetString("message").String()
}

// value is a value of JSON's in Lua; null is nil.
func value(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case map[string]any:
		table := l.NewTable()
		for key, item := range v {
			table.RawSetString(key, value(l, item))
		}
		return table
	case []any:
		table := l.NewTable()
		for _, item := range v {
			table.Append(value(l, item))
		}
		return table
	case string:
		return lua.LString(v)
	case bool:
		return lua.LBool(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	default:
		return lua.LNil
	}
}

// raw is an object as it is in the API.
func (s *stage) raw(name string) map[string]any {
	s.Helper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("ServerCertificate"))
	if err := s.cluster.Client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, object); err != nil {
		s.Fatal(err)
	}
	return object.Object
}

func TestArgoCDSeesHowHealthyAServerCertificateIs(t *testing.T) {
	s := setStage(t)
	asleep := s.certificate("asleep")
	asleep.Spec.Suspend = true
	s.create(s.secret("web", month), s.certificate("web"), s.secret("changed", month), s.certificate("changed"),
		s.secret("leaving", month), s.certificate("leaving"), s.mismatched("bad"), s.certificate("bad"), s.certificate("early"), asleep)
	for name, status := range map[string]metav1.ConditionStatus{
		"web": metav1.ConditionTrue, "changed": metav1.ConditionTrue, "leaving": metav1.ConditionTrue,
		"bad": metav1.ConditionFalse, "early": metav1.ConditionFalse, "asleep": metav1.ConditionUnknown,
	} {
		s.awaitReady(s.certificate(name), status)
	}
	s.manager.Stop(t) // what changes now waits for it
	changed := env.WaitFor(t, s.cluster, s.certificate("changed"), "itself", func(*v1alpha1.ServerCertificate) bool { return true })
	changed.Spec.SecretRef.Name = "web-tls"
	if err := s.cluster.Client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := s.cluster.Client.Delete(t.Context(), s.certificate("leaving")); err != nil {
		t.Fatal(err)
	}
	s.create(s.certificate("new"))
	for because, c := range map[string]struct{ object, status, message string }{
		"it is Ready": {"web", "Healthy", "Synced: "}, "its Secret is broken": {"bad", "Degraded", "KeyMismatch: "},
		"its Secret isn't there yet": {"early", "Progressing", "SecretNotFound: "},
		"it is suspended":            {"asleep", "Suspended", "Suspended: "},
		"it has no status yet":       {"new", "Progressing", "waiting for clbcert"},
		"its spec is newer than its status, and Ready was True": {"changed", "Progressing", "waiting for clbcert"},
		"it is being deleted, and Ready was True":               {"leaving", "Progressing", "waiting for clbcert"},
	} {
		t.Run(because, func(t *testing.T) {
			status, message := health(t, s.raw(c.object))
			if status != c.status || len(message) < len(c.message) || message[:len(c.message)] != c.message {
				t.Errorf("it is %s, %q; want %s, %s…", status, message, c.status, c.message)
			}
		})
	}
	s.manager.Start(t)
}
