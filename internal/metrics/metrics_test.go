package metrics

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/clbcert/clbcert/internal/clberr"
)

// samples are the values of a counter or gauge, by its labels' values.
func samples(t *testing.T, registry *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			values[strings.Join(labels, " ")] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return values
}

func newRecorder(t *testing.T) (*Recorder, *prometheus.Registry) {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	recorder, err := New(registry, 100)
	if err != nil {
		t.Fatal(err)
	}
	return recorder, registry
}

func TestAnUploadCountsByWhatCameOfIt(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		failure *clberr.Error
		want    map[string]float64
	}{
		"a success":                         {nil, map[string]float64{"cn-hangzhou success": 1}},
		"a refusal":                         {&clberr.Error{Outcome: clberr.Refused}, map[string]float64{"cn-hangzhou refused": 1}},
		"one that may have been applied":    {&clberr.Error{Outcome: clberr.Unknown}, map[string]float64{"cn-hangzhou unknown": 1}},
		"what wasn't sent is no upload yet": {&clberr.Error{Outcome: clberr.NotSent}, map[string]float64{}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			recorder, registry := newRecorder(t)
			recorder.Uploaded("cn-hangzhou", c.failure)
			if got := samples(t, registry, "clbcert_uploads_total"); !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestCodesAreBounded(t *testing.T) {
	t.Parallel()
	recorder, registry := newRecorder(t)
	call := func(code string) {
		recorder.Called("A", time.Second, clberr.New("A", code, "m", "", 400, clberr.Refused))
	}
	for i := range 2 * maxCodes {
		call(fmt.Sprintf("Code%d", i))
	}
	call("Code0")
	call("")
	recorder.Called("A", time.Second, nil)
	got := samples(t, registry, "clbcert_cloud_calls_total")
	if len(got) != maxCodes+3 {
		t.Errorf("%d series, want %d", len(got), maxCodes+3)
	}
	for labels, want := range map[string]float64{"A ok OK": 1, "A Transient Code0": 2, "A Transient other": maxCodes, "A Transient none": 1} {
		if got[labels] != want {
			t.Errorf("%q is %v, want %v", labels, got[labels], want)
		}
	}
}

func TestAListTellsHowMuchOfTheQuotaIsUsed(t *testing.T) {
	t.Parallel()
	recorder, registry := newRecorder(t)
	recorder.Listed("", "cn-hangzhou", 7)
	recorder.Listed("1000000000000001", "cn-hangzhou", 98)
	recorder.Listed("1000000000000001", "cn-hangzhou", 99)
	want := map[string]float64{"unknown cn-hangzhou": 7, "1000000000000001 cn-hangzhou": 99}
	if got := samples(t, registry, "clbcert_quota_used"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for account, limit := range samples(t, registry, "clbcert_quota_limit") {
		if limit != 100 {
			t.Errorf("%s: the limit is %v", account, limit)
		}
	}
}
