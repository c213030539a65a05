package clb

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// certificateDocument is a certificate in the answers of UploadServerCertificate
// and DescribeServerCertificates. Its time stamps in milliseconds count only where
// the same time as text is missing: the reference's own sample contradicts itself.
type certificateDocument struct {
	ServerCertificateID     wire.Text    `json:"ServerCertificateId"`
	ServerCertificateName   wire.Text    `json:"ServerCertificateName"`
	Fingerprint             wire.Text    `json:"Fingerprint"`
	CommonName              wire.Text    `json:"CommonName"`
	SubjectAlternativeNames alternatives `json:"SubjectAlternativeNames"`
	RegionID                wire.Text    `json:"RegionId"`
	ResourceGroupID         wire.Text    `json:"ResourceGroupId"`
	CreateTime              wire.Text    `json:"CreateTime"`
	CreateTimeStamp         wire.Text    `json:"CreateTimeStamp"`
	ExpireTime              wire.Text    `json:"ExpireTime"`
	ExpireTimeStamp         wire.Text    `json:"ExpireTimeStamp"`
	Tags                    tagsDocument `json:"Tags"`
}

func (d certificateDocument) certificate(region string) Certificate {
	certificate := Certificate{
		ID: string(d.ServerCertificateID), Name: string(d.ServerCertificateName),
		Fingerprint: string(d.Fingerprint), CommonName: string(d.CommonName), DNSNames: d.SubjectAlternativeNames,
		Region: string(d.RegionID), ResourceGroupID: string(d.ResourceGroupID),
		CreateTime: parseTime(d.CreateTime, d.CreateTimeStamp), ExpireTime: parseTime(d.ExpireTime, d.ExpireTimeStamp),
		Tags: d.Tags.tags(),
	}
	if certificate.Region == "" {
		certificate.Region = region
	}
	return certificate
}

// year10000 is where times end that RFC 3339 can write, in milliseconds since 1970.
const year10000 = 253_402_300_800_000

// parseTime reads 2022-02-21T02:49:05Z, or else milliseconds since 1970; what is
// neither is zero.
func parseTime(text, milliseconds wire.Text) time.Time {
	if parsed, err := time.Parse(time.RFC3339, string(text)); err == nil {
		return parsed.UTC()
	}
	if since, err := strconv.ParseInt(string(milliseconds), 10, 64); err == nil && since > 0 && since < year10000 {
		return time.UnixMilli(since).UTC().Truncate(time.Second)
	}
	return time.Time{}
}

// listDocument is the answer of DescribeServerCertificates. The pointers tell an
// empty list from an answer without one, which proves nothing.
type listDocument struct {
	wire.Document
	ServerCertificates *struct {
		ServerCertificate *[]certificateDocument `json:"ServerCertificate"`
	} `json:"ServerCertificates"`
}

// certificates reads the list; one entry without an ID makes it unreadable.
func (d listDocument) certificates(region string) ([]Certificate, bool) {
	if d.ServerCertificates == nil || d.ServerCertificates.ServerCertificate == nil {
		return nil, false
	}
	documents := *d.ServerCertificates.ServerCertificate
	list := make([]Certificate, 0, len(documents))
	for _, document := range documents {
		if document.ServerCertificateID == "" {
			return nil, false
		}
		list = append(list, document.certificate(region))
	}
	return list, true
}

// answer is the document of an action's answer, of which wire.Document is a part: a long
// list is read once.
type answer interface{ Common() wire.Document }

// decode reads a 2xx answer into a. An error document, an answer without a
// RequestId and anything that isn't the expected JSON may stand for an applied
// request, and are errors.
func decode(action string, body []byte, a answer) error {
	if err := json.Unmarshal(body, a); err != nil {
		return unreadable(action, body, "the answer isn't the JSON of this action")
	}
	document := a.Common()
	switch {
	case document.Code != "":
		return clberr.New(action, string(document.Code), string(document.Message), string(document.RequestID),
			http.StatusOK, clberr.Unknown)
	case document.RequestID == "":
		return unreadable(action, body, "the answer has no RequestId")
	default:
		return nil
	}
}

func unreadable(action string, body []byte, message string) *clberr.Error {
	return clberr.New(action, "", message, requestID(body), http.StatusOK, clberr.Unknown)
}

// alternatives are subject alternative names in any of the shapes seen: the
// documented list under SubjectAlternativeName, whose one string may itself be
// a JSON array (the reference's sample), a bare list, or a bare string.
type alternatives []string

// maxNesting is deeper than any of the shapes.
const maxNesting = 6

// UnmarshalJSON never fails: the names decide nothing.
func (a *alternatives) UnmarshalJSON(data []byte) error {
	*a = names(data, maxNesting)
	return nil
}

func names(data []byte, depth int) []string {
	if depth == 0 || len(data) == 0 {
		return nil
	}
	switch data[0] {
	case '"':
		return namesInText(text(data), depth)
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(data, &list) != nil {
			return nil
		}
		var all []string
		for _, element := range list {
			all = append(all, names(element, depth-1)...)
		}
		return all
	default:
		var object struct {
			SubjectAlternativeName json.RawMessage `json:"SubjectAlternativeName"`
		}
		if json.Unmarshal(data, &object) != nil {
			return nil
		}
		return names(object.SubjectAlternativeName, depth-1)
	}
}

func text(data []byte) string {
	plain, isPlain := wire.Plain(data)
	if !isPlain {
		_ = json.Unmarshal(data, &plain)
	}
	return plain
}

func namesInText(text string, depth int) []string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil
	case strings.HasPrefix(text, "["):
		return names([]byte(text), depth-1)
	default:
		return []string{text}
	}
}
