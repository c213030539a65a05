package simulator

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// respond writes a call's answer, or its refusal, in the format that was asked for.
func (s *Server) respond(w http.ResponseWriter, c *call, a answer, err error) {
	status, root := http.StatusOK, c.action+"Response"
	if err != nil {
		a = c.errorDocument(err)
		status, root = statusOf(codeOf(err)), "Error"
	}
	if a == nil {
		a = answer{}
	}
	a["RequestId"] = c.requestID
	write(w, c.requestID, status, c.format(), root, a)
}

func write(w http.ResponseWriter, requestID string, status int, format, root string, a answer) {
	body, err := marshal(a)
	if err == nil && format == "XML" {
		body, err = toXML(root, body)
	}
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", map[string]string{"JSON": "application/json;charset=utf-8", "XML": "text/xml;charset=utf-8"}[format])
	w.Header().Set("X-Acs-Request-Id", requestID)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may have gone
}

// marshal writes JSON as the service does: with &, < and > as they are.
func marshal(a answer) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(a)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

func codeOf(err error) string {
	if refusal, ok := errors.AsType[*apiError](err); ok {
		return refusal.code
	}
	return "InternalError"
}

// errorDocument is the API's error answer; RAM's refusals say who lacked which right.
func (c *call) errorDocument(err error) answer {
	code, message := codeOf(err), "The request processing has failed due to some unknown error."
	if refusal, ok := errors.AsType[*apiError](err); ok {
		message = refusal.message
	}
	host := c.operation.host
	if host == "" {
		host = slbAPI.host
	}
	product := strings.ToUpper(host[:1]) + host[1:3]
	a := answer{
		"HostId": host, "Code": code, "Message": message,
		"Recommend": fmt.Sprintf("https://api.aliyun.com/troubleshoot?q=%s&product=%s&requestId=%s", code, product, c.requestID),
	}
	if isForbidden(code) {
		a["AccessDeniedDetail"] = answer{
			"AuthAction":               strings.ToLower(product) + ":" + c.action,
			"AuthPrincipalDisplayName": c.caller.name,
			"AuthPrincipalOwnerId":     c.caller.account,
			"AuthPrincipalType":        c.caller.identityType(),
			"PolicyType":               "AccountLevelIdentityBasedPolicy",
			"NoPermissionType":         "ImplicitDeny",
			"EncodedDiagnosticMessage": "AQEAAAAA" + randomHex(16),
		}
	}
	return a
}

// toXML writes a JSON document as the API's XML: an element per member, and one per entry for a list.
func toXML(root string, document []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	out := bytes.NewBufferString(`<?xml version="1.0" encoding="UTF-8"?>`)
	err := writeElement(out, root, tree)
	return out.Bytes(), err
}

func writeElement(out *bytes.Buffer, name string, value any) error {
	if list, ok := value.([]any); ok {
		for _, entry := range list {
			if err := writeElement(out, name, entry); err != nil {
				return err
			}
		}
		return nil
	}
	fmt.Fprintf(out, "<%s>", name)
	if members, ok := value.(map[string]any); ok {
		for _, member := range slices.Sorted(maps.Keys(members)) {
			if err := writeElement(out, member, members[member]); err != nil {
				return err
			}
		}
	} else if value != nil {
		if err := xml.EscapeText(out, fmt.Append(nil, value)); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "</%s>", name)
	return nil
}
