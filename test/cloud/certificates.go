package cloud

import (
	"context"
	"time"
)

// Certificate is a server certificate as lists show it.
type Certificate struct {
	ID, Name string
	Expires  time.Time
	Tags     map[string]string
}

// Upload makes a certificate of a chain and its key in PEM.
func (a *API) Upload(ctx context.Context, name string, tags map[string]string, chain, key []byte) (id string, err error) {
	parameters := Parameters{"ServerCertificateName": name, "ServerCertificate": string(chain), "PrivateKey": string(key)}
	answer, err := a.Call(ctx, "UploadServerCertificate", parameters.withTags(tags))
	return answer.Text("ServerCertificateId"), err
}

// Certificates are the region's as its list shows them. With an ID it is that one alone,
// or none; an empty ID isn't sent, and so all come.
func (a *API) Certificates(ctx context.Context, id string) ([]Certificate, error) {
	answer, err := a.Call(ctx, "DescribeServerCertificates", Parameters{"ServerCertificateId": id})
	if err != nil {
		return nil, err
	}
	var all []Certificate
	for _, c := range answer.Element("ServerCertificates").List("ServerCertificate") {
		all = append(all, Certificate{
			ID: c.Text("ServerCertificateId"), Name: c.Text("ServerCertificateName"),
			Expires: time.UnixMilli(c.Number("ExpireTimeStamp")), Tags: c.tags(),
		})
	}
	return all, nil
}

// DeleteCertificate deletes a certificate that nothing uses.
func (a *API) DeleteCertificate(ctx context.Context, id string) error {
	_, err := a.Call(ctx, "DeleteServerCertificate", Parameters{"ServerCertificateId": id})
	return err
}
