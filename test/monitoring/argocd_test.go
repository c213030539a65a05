package monitoring

import (
	"net/url"
	"strings"
	"testing"
	"text/template"

	"github.com/argoproj/notifications-engine/pkg/triggers"
	"sigs.k8s.io/yaml"
)

// application is an Application of Argo CD's as its notifications see it.
func application(health, group string) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"name": "shop"},
		"spec":     map[string]any{"destination": map[string]any{"namespace": "shop"}},
		"status": map[string]any{
			"health":    map[string]any{"status": health},
			"resources": []any{map[string]any{"kind": "Secret"}, map[string]any{"group": group, "kind": "ServerCertificate"}},
		},
	}
}

func TestArgoCDTellsOfADegradedApplication(t *testing.T) {
	t.Parallel()
	var conditions []triggers.Condition
	if err := yaml.UnmarshalStrict([]byte(patch(t, "notifications.yaml")["trigger.on-certificates-degraded"]), &conditions); err != nil {
		t.Fatal(err)
	}
	service, err := triggers.NewService(map[string][]triggers.Condition{"on": conditions})
	if err != nil {
		t.Fatal(err)
	}
	for because, c := range map[string]struct {
		app   map[string]any
		tells bool
	}{
		"it is Degraded": {application("Degraded", "clbcert.dev"), true},
		"it is Healthy":  {application("Healthy", "clbcert.dev"), false},
		"it is Degraded without a ServerCertificate": {application("Degraded", "apps"), false},
		"it was never looked at":                     {map[string]any{"metadata": map[string]any{"name": "shop"}}, false},
	} {
		t.Run(because, func(t *testing.T) {
			t.Parallel()
			results, err := service.Run("on", map[string]any{"app": c.app})
			if err != nil || len(results) != 1 || results[0].Triggered != c.tells {
				t.Errorf("the trigger gives %+v, %v; want %t", results, err, c.tells)
			}
		})
	}
}

func TestArgoCDsMessageIsTakenByDingTalk(t *testing.T) {
	t.Parallel()
	data := patch(t, "notifications.yaml")
	var content struct {
		Webhook map[string]struct{ Method, Body string }
	}
	var robot struct {
		URL     string
		Headers []struct{ Name, Value string }
	}
	for key, into := range map[string]any{"template.certificates-degraded": &content, "service.webhook.dingtalk": &robot} {
		if err := yaml.UnmarshalStrict([]byte(data[key]), into); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	body, err := template.New("body").Option("missingkey=error").Parse(content.Webhook["dingtalk"].Body)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := body.Execute(&text, map[string]any{"app": application("Degraded", "clbcert.dev")}); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.ReplaceAll(robot.URL, "$dingtalk-token", dingTalkToken))
	if err != nil {
		t.Fatal(err)
	}
	told, err := read(u, []byte(text.String()))
	if err != nil || !strings.Contains(told, "shop is Degraded") || u.Host != "oapi.dingtalk.com" {
		t.Errorf("%s is told %q, %v; of %s", u, told, err, text.String())
	}
}
