package monitoring

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	notificationv1 "github.com/fluxcd/notification-controller/api/v1beta3"
	"sigs.k8s.io/yaml"
)

func TestFluxTakesTheRecipe(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "config", "flux", "notifications.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var kustomization kustomizev1.Kustomization
	var provider notificationv1.Provider
	var alert notificationv1.Alert
	documents := strings.Split(string(text), "\n---\n")
	if len(documents) != 3 {
		t.Fatalf("there are %d objects, not 3", len(documents))
	}
	for i, object := range []any{&kustomization, &provider, &alert} {
		if err := yaml.UnmarshalStrict([]byte(documents[i]), object); err != nil {
			t.Error(err)
		}
	}
	if !kustomization.Spec.Wait || kustomization.Spec.Timeout == nil {
		t.Error("the Kustomization doesn't wait, for a time, for its objects to be Ready")
	}
	if provider.Spec.Type != notificationv1.AlertManagerProvider || alert.Spec.ProviderRef.Name != provider.Name {
		t.Errorf("the Alert goes to %s, the Provider %s is of type %s", alert.Spec.ProviderRef.Name, provider.Name, provider.Spec.Type)
	}
	if source := alert.Spec.EventSources[0]; source.Kind != kustomizev1.KustomizationKind || source.Name != kustomization.Name {
		t.Errorf("the Alert is about %s %s", source.Kind, source.Name)
	}
}
