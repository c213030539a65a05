package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// prometheus is a running Prometheus server.
type prometheus struct{ url string }

// startPrometheus starts a server of this configuration.
func startPrometheus(t *testing.T, config string) prometheus {
	t.Helper()
	return prometheus{url: serve(t, "prometheus",
		"--config.file="+writeFile(t, "prometheus.yaml", config), "--storage.tsdb.path="+t.TempDir())}
}

// sample is one result of a query.
type sample struct {
	Labels map[string]string `json:"metric"`
	Value  [2]any            `json:"value"` // when, and how much, as a string
}

// query runs a query, now.
func (p prometheus) query(t *testing.T, expression string) ([]sample, error) {
	t.Helper()
	var answer struct {
		Status, Error string
		Warnings      []string
		Infos         []string
		Data          struct{ Result []sample }
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		p.url+"/api/v1/query?query="+url.QueryEscape(expression), http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if answer.Status != "success" || len(answer.Warnings)+len(answer.Infos) > 0 {
		return nil, fmt.Errorf("%s: %s %s %q %q", expression, answer.Status, answer.Error, answer.Warnings, answer.Infos)
	}
	return answer.Data.Result, nil
}

// shows is query, and an error where nothing comes of it that can be shown.
func (p prometheus) shows(t *testing.T, expression string) ([]sample, error) {
	t.Helper()
	samples, err := p.query(t, expression)
	if err != nil {
		return nil, err
	}
	for _, s := range samples {
		if s.Value[1] != "NaN" {
			return samples, nil
		}
	}
	return nil, fmt.Errorf("%s: nothing but %d samples that are no number", expression, len(samples))
}

// await waits until a query gives one sample of this value.
func (p prometheus) await(t *testing.T, expression, value string) {
	t.Helper()
	eventually(t, expression+" to be "+value, func() error {
		samples, err := p.query(t, expression)
		if err != nil {
			return err
		}
		var values []string
		for _, s := range samples {
			values = append(values, fmt.Sprint(s.Value[1]))
		}
		if text := strings.Join(values, " "); text != value {
			return errors.New("it is " + text)
		}
		return nil
	})
}
