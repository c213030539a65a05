package plugin

import (
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestDoubtsAboutTheClusterID(t *testing.T) {
	t.Parallel()
	with := func(ids ...string) []v1alpha1.ServerCertificate {
		var objects []v1alpha1.ServerCertificate
		for _, id := range ids {
			objects = append(objects, objectOf("web", func(o *v1alpha1.ServerCertificate) { o.Status.ClusterID = id }))
		}
		return objects
	}
	for sentence, c := range map[string]struct {
		used    clusterID
		objects []v1alpha1.ServerCertificate
		want    string
	}{
		"the UID, without objects":             {clusterID{id: "a", unique: true}, nil, ""},
		"the UID, objects never synced":        {clusterID{id: "a", unique: true}, with("", ""), ""},
		"the UID, which objects confirm":       {clusterID{id: "a", unique: true}, with("", "a"), ""},
		"the UID, which objects deny":          {clusterID{id: "a", unique: true}, with("b"), `synced with the cluster id "b", not "a"`},
		"the UID, objects don't agree":         {clusterID{id: "a", unique: true}, with("b", "a"), `"a" and "b": say with --cluster-id`},
		"given, without objects":               {clusterID{id: "a", typed: true}, nil, ""},
		"given, which objects confirm":         {clusterID{id: "a", typed: true}, with("a"), ""},
		"given, which objects deny":            {clusterID{id: "a", typed: true}, with("c", "b"), `synced with the cluster id "b", "c", not "a"`},
		"given, objects don't agree":           {clusterID{id: "a", typed: true}, with("a", "b"), ""},
		"of a variable, without objects":       {clusterID{id: "a"}, nil, `"a" is that of a variable`},
		"of a variable, objects never synced":  {clusterID{id: "a"}, with(""), `"a" is that of a variable`},
		"of a variable, which objects confirm": {clusterID{id: "a"}, with("a"), ""},
		"of a variable, objects don't agree":   {clusterID{id: "a"}, with("b", "a", "c"), `"a" and "b", "c": say with --cluster-id`},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := c.used.doubt(c.objects); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestOnlyAProvenIDNeedsNoQuestion(t *testing.T) {
	t.Parallel()
	synced := []v1alpha1.ServerCertificate{objectOf("web", func(o *v1alpha1.ServerCertificate) { o.Status.ClusterID = "a" })}
	for sentence, c := range map[string]struct {
		used    clusterID
		objects []v1alpha1.ServerCertificate
		want    bool
	}{
		"the UID is this cluster's":        {clusterID{id: "b", unique: true}, nil, true},
		"so is what objects confirm":       {clusterID{id: "a", typed: true}, synced, true},
		"what is typed is somebody's word": {clusterID{id: "b", typed: true}, nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := c.used.proven(c.objects); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
