package clb

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

const actionUpload = "UploadServerCertificate"

// Upload makes one UploadServerCertificate, once: every success makes a new
// certificate. The caller has passed Wait before, because the deadline is
// recorded in between.
//
// It succeeds with a 2xx, an ID and the expected fingerprint. With another
// fingerprint the error's code is FingerprintMismatch, and the certificate as
// answered comes with it. An error with the outcome Unknown may have made a
// certificate.
func (a *Account) Upload(ctx context.Context, region string, u Upload) (Certificate, error) {
	if err := u.check(); err != nil {
		return Certificate{}, err
	}
	body, err := a.do(ctx, request{action: actionUpload, region: region, deadline: u.Deadline, build: u.request})
	if err != nil {
		return Certificate{}, err
	}
	var answer struct {
		wire.Document
		certificateDocument
	}
	if err := decode(actionUpload, body, &answer); err != nil {
		return Certificate{}, err
	}
	certificate := u.certificate(region, answer.certificateDocument)
	switch {
	case certificate.ID == "":
		return Certificate{}, unreadable(actionUpload, body, "the answer names no certificate")
	case u.Fingerprint == "" || SameFingerprint(u.Fingerprint, certificate.Fingerprint):
		certificate.Unlisted = true
		a.did(region, uploaded(certificate, a.client.config.Window))
		return certificate, nil
	case certificate.Fingerprint == "":
		return Certificate{}, unreadable(actionUpload, body, "the answer names no fingerprint")
	default:
		return certificate, clberr.New(actionUpload, clberr.CodeFingerprintMismatch, "certificate "+certificate.ID+
			" came back with a fingerprint that isn't that of what was uploaded", requestID(body), http.StatusOK, clberr.Unknown)
	}
}

// check refuses what the API would take for something else: the SDK leaves
// empty parameters out.
func (u Upload) check() error {
	switch {
	case u.AliCloud != nil && u.AliCloud.ID == "":
		return missing(actionUpload, "AliCloudCertificateId")
	case u.AliCloud == nil && u.ChainPEM == "":
		return missing(actionUpload, "ServerCertificate")
	case u.AliCloud == nil && len(u.PrivateKeyPEM) == 0:
		return missing(actionUpload, "PrivateKey")
	default:
		return nil
	}
}

// request puts every parameter into the body: the SDK's fields would put them,
// the key among them, into the URL (SDK v1.63.107,
// services/slb/upload_server_certificate.go).
func (u Upload) request() requests.AcsRequest {
	r := slb.CreateUploadServerCertificateRequest()
	set := func(name, value string) {
		if value != "" {
			r.FormParams[name] = value
		}
	}
	set("ServerCertificateName", u.Name)
	set("ResourceGroupId", u.ResourceGroupID)
	if u.AliCloud != nil {
		set("AliCloudCertificateId", u.AliCloud.ID)
		set("AliCloudCertificateName", u.AliCloud.Name)
		set("AliCloudCertificateRegionId", u.AliCloud.Region)
	} else {
		set("ServerCertificate", u.ChainPEM)
		set("PrivateKey", string(u.PrivateKeyPEM))
	}
	setTags(r.FormParams, u.Tags)
	return r
}

// setTags writes tags by hand: the SDK drops empty values.
func setTags(form map[string]string, tags []Tag) {
	for i, tag := range tags {
		prefix := "Tag." + strconv.Itoa(i+1)
		form[prefix+".Key"], form[prefix+".Value"] = tag.Key, tag.Value
	}
}

// certificate is the answer, completed by what was asked for: it has no tags.
func (u Upload) certificate(region string, answer certificateDocument) Certificate {
	certificate := answer.certificate(region)
	certificate.Tags = make(map[string]string, len(u.Tags))
	for _, tag := range u.Tags {
		certificate.Tags[tag.Key] = tag.Value
	}
	if certificate.Name == "" {
		certificate.Name = u.Name
	}
	return certificate
}

// missing refuses a call whose needed parameter is empty.
func missing(action, parameter string) *clberr.Error {
	return clberr.New(action, clberr.CodeMissingParameter, parameter+" is empty", "", 0, clberr.NotSent)
}

func requestID(body []byte) string { return string(wire.ReadDocument(body).RequestID) }

// uploaded puts certificate into the lists that may lack it yet.
func uploaded(certificate Certificate, window time.Duration) effect {
	return effect{at: time.Now(), lag: window, apply: func(v *view) {
		if v.byID[certificate.ID] == nil {
			v.put(&certificate)
		}
	}}
}
