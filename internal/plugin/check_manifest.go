package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// isManifest tells whether a file holds manifests: by its name, else by its content.
func isManifest(name string, content []byte) bool {
	end := endOf(name)
	if slices.Contains(manifestEnds, end) || slices.Contains(pairEnds, end) {
		return slices.Contains(manifestEnds, end)
	}
	if bytes.HasPrefix(content, []byte(beginMark)) || bytes.Contains(content, []byte("\n"+beginMark)) {
		return false // in a manifest PEM is indented
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content)+1)
	for {
		var document struct{ Kind string }
		if err := decoder.Decode(&document); err != nil {
			return false
		}
		if document.Kind != "" {
			return true
		}
	}
}

// secretsOf gives the Secrets of manifests that hold certificates or should, those in lists, too:
// what else an application brings, such as passwords, is nothing for CLB. What is wrong with a
// document is told without the decoder's cause: it may quote a key. The copies that the decoder
// makes are out of reach for wiping.
func secretsOf(name string, content []byte) ([]*candidate, error) {
	file := fileName(name)
	var found []*candidate
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content)+1)
	for number := 1; ; number++ {
		var document json.RawMessage
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			break
		}
		var secrets []*candidate
		if err == nil {
			secrets, err = secretsIn(file, document)
			clear(document)
		}
		if err != nil {
			wipeAll(found)
			return nil, fmt.Errorf("reading manifest %s: document %d is no YAML or JSON of Secrets: "+
				"kubectl create --dry-run=client -f %s tells why", file, number, name)
		}
		found = append(found, secrets...)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("reading manifest %s: it holds no Secret of type kubernetes.io/tls: name a file with one, of kind Secret and apiVersion v1", file)
	}
	return found, nil
}

// secretsIn gives the Secrets of one document.
func secretsIn(file string, document []byte) ([]*candidate, error) {
	var head struct {
		APIVersion, Kind string
		Items            []json.RawMessage
	}
	if string(document) == "null" || len(document) == 0 { // "---" at the end
		return nil, nil
	}
	if err := json.Unmarshal(document, &head); err != nil || head.APIVersion != "v1" {
		return nil, err
	}
	if head.Kind == "Secret" {
		secret := &corev1.Secret{}
		if err := json.Unmarshal(document, secret); err != nil {
			return nil, err
		}
		c := candidateOf(secret, file)
		if !c.meant() {
			c.wipe()
			return nil, nil
		}
		return []*candidate{c}, nil
	}
	var found []*candidate
	for _, item := range head.Items {
		secrets, err := secretsIn(file, item)
		clear(item)
		if err != nil {
			wipeAll(found)
			return nil, err
		}
		found = append(found, secrets...)
	}
	return found, nil
}
