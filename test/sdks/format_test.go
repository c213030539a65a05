package sdks

import (
	"strings"
	"testing"

	"github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
)

// TestXMLUnlessJSONIsAsked sends different Formats; ACS3-HMAC-SHA256 has none and is answered in JSON.
func TestXMLUnlessJSONIsAsked(t *testing.T) {
	t.Parallel()
	s := must(plain())(t)
	const xml, json = "<?xml", "{"
	for sentence, c := range map[string]struct {
		algorithm string
		query     map[string]*string
		want      string
	}{
		"an empty one":         {"v2", map[string]*string{"Format": new("")}, xml},
		"XML":                  {"v2", map[string]*string{"Format": new("XML")}, xml},
		"one that is none":     {"v2", map[string]*string{"Format": new("YAML")}, xml},
		"JSON":                 {"v2", map[string]*string{"Format": new("JSON")}, json},
		"json":                 {"v2", map[string]*string{"Format": new("json")}, json},
		"the newer signature":  {"", nil, json},
		"the SDK's own choice": {"v2", nil, json},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			n := newer{method: "POST", algorithm: c.algorithm}
			core := must(n.open(s, lasting))(t)
			result, err := core.CallApi(n.parameters("DescribeRegions", "string"), &utils.OpenApiRequest{Query: c.query}, &dara.RuntimeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if body, ok := result["body"].(string); !ok || !strings.HasPrefix(body, c.want) {
				t.Errorf("got %.40v, want %s", result["body"], c.want)
			}
		})
	}
}
