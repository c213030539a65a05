package chart

import (
	"testing"

	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"sigs.k8s.io/yaml"
)

func TestHelmsLinterHasNothingToSay(t *testing.T) {
	t.Parallel()
	for what, p := range pairs {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var values map[string]any
			if err := yaml.UnmarshalStrict([]byte(p.values), &values); err != nil {
				t.Fatal(err)
			}
			for _, message := range lint.RunAll(folder, values, standard.namespace).Messages {
				if message.Severity > support.InfoSev { // it would like an icon
					t.Error(message)
				}
			}
		})
	}
}
