package chart

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// What may be in the chart's objects alone, and nothing else may.
var (
	helmsLabels      = []string{"app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"}
	crdsAnnotation   = "helm.sh/resource-policy" // by which Helm leaves the CRD in the cluster
	podsAnnotation   = "checksum/credentials-map"
	releaseNamespace = "Namespace clbcert-system" // is in config/ alone: Helm makes it, --create-namespace
)

// withoutHelms takes out what Helm's conventions add; each of it must be there.
func withoutHelms(t *testing.T, objects []object) map[string]object {
	t.Helper()
	for _, o := range objects {
		metadata := object(o.at("metadata"))
		for _, label := range helmsLabels {
			if metadata.at("labels")[label] == nil {
				t.Errorf("%s has no label %s", o, label)
			}
			delete(metadata.at("labels"), label)
		}
		if o["kind"] == "CustomResourceDefinition" {
			if policy := metadata.at("annotations")[crdsAnnotation]; policy != "keep" {
				t.Errorf("the policy of %s is %v", o, policy)
			}
			delete(metadata.at("annotations"), crdsAnnotation)
		}
	}
	return normal(t, objects, nil)
}

// normal are objects by name, with the pod as the kubelet makes it of its ConfigMaps' entries (NAME.key), and in the
// order of names where the order says nothing.
func normal(t *testing.T, objects []object, configMaps map[string]string) map[string]object {
	t.Helper()
	byName := map[string]object{}
	for _, o := range objects {
		if byName[o.String()] != nil {
			t.Errorf("%s is there twice", o)
		}
		if o["kind"] == "Deployment" {
			deployment := deploymentOf(t, o)
			delete(deployment.Spec.Template.Annotations, podsAnnotation)
			resolve(&deployment.Spec.Template.Spec.Containers[0], configMaps)
			o = encoded(t, deployment)
		}
		byName[o.String()] = o
	}
	return byName
}

// resolve fills in variables, and takes those out whose only use is in an argument.
func resolve(container *corev1.Container, configMaps map[string]string) {
	container.Env = slices.DeleteFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == "" })
	for i := range container.Env {
		variable := &container.Env[i]
		if variable.ValueFrom != nil && variable.ValueFrom.ConfigMapKeyRef != nil {
			key := variable.ValueFrom.ConfigMapKeyRef
			variable.Value, variable.ValueFrom = configMaps[key.Name+"."+key.Key], nil
		}
	}
	for j, argument := range container.Args {
		container.Env = slices.DeleteFunc(container.Env, func(v corev1.EnvVar) bool {
			asked := strings.Contains(argument, "$("+v.Name+")")
			argument = strings.ReplaceAll(argument, "$("+v.Name+")", v.Value)
			return asked
		})
		container.Args[j] = argument
	}
	slices.Sort(container.Args)
	slices.SortFunc(container.Env, func(a, b corev1.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
}

// deploymentOf takes an object as the Deployment that it is.
func deploymentOf(t *testing.T, o object) *appsv1.Deployment {
	t.Helper()
	text, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	deployment := &appsv1.Deployment{}
	if err := yaml.UnmarshalStrict(text, deployment); err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	return deployment
}

func encoded(t *testing.T, typed any) object {
	t.Helper()
	text, err := yaml.Marshal(typed)
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := yaml.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o
}
