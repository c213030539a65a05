package simulator

import (
	"encoding/json"
	"time"
)

// certificate is a row of the table of certificates, and of GET /state.
type certificate struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	Account       string            `json:"account"`
	Region        string            `json:"region"`
	ResourceGroup string            `json:"resourceGroup"`
	Tags          map[string]string `json:"tags"`
	Fingerprint   string            `json:"fingerprint"` // SHA-1 of the leaf's DER, hex with colons
	Digest        string            `json:"digest"`      // SHA-256 of the chain's DER, leaf first, hex; none for a CAS certificate
	CommonName    string            `json:"commonName"`
	DNSNames      []string          `json:"dnsNames"`
	Created       time.Time         `json:"created"`
	Expires       time.Time         `json:"expires"`
	Deleted       time.Time         `json:"deleted,omitzero"` // it stays in lists for a while
	CASID         string            `json:"aliCloudCertificateID,omitempty"`
	CASName       string            `json:"aliCloudCertificateName,omitempty"`
}

// maxNames is how many alternative names the service reports (UploadServerCertificate, response).
const maxNames = 10

// elements are what both upload and list tell of a certificate.
func (c certificate) elements() answer {
	cas := 0
	if c.CASID != "" {
		cas = 1
	}
	return answer{
		"ServerCertificateId": c.ID, "ServerCertificateName": c.Name, "RegionId": c.Region, "RegionIdAlias": c.Region,
		"ResourceGroupId": c.ResourceGroup, "Fingerprint": c.Fingerprint, "CommonName": c.CommonName,
		"SubjectAlternativeNames": answer{"SubjectAlternativeName": reportNames(c.DNSNames)},
		"CreateTime":              apiTime(c.Created), "CreateTimeStamp": c.Created.UnixMilli(),
		"ExpireTime": apiTime(c.Expires), "ExpireTimeStamp": c.Expires.UnixMilli(),
		"IsAliCloudCertificate": cas, "AliCloudCertificateId": c.CASID, "AliCloudCertificateName": c.CASName,
	}
}

// reportNames gives the names as the reference's sample does: a list with one string that is itself a JSON list.
func reportNames(names []string) []string {
	if len(names) == 0 {
		return []string{}
	}
	text, err := json.Marshal(names[:min(len(names), maxNames)])
	if err != nil {
		return []string{}
	}
	return []string{string(text)}
}

// apiTime writes a time as the API does.
func apiTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// describeServerCertificates lists a region's certificates, all in one answer and in no order. An unknown ID gives an
// empty list.
func describeServerCertificates(s *Server, c *call) (answer, error) {
	id, group, filters := c.params.optional("ServerCertificateId"), c.params.optional("ResourceGroupId"), c.params.tagFilters()
	if c.params.err != nil {
		return nil, c.params.err
	}
	rows := []answer{}
	for _, row := range s.listedCertificates(c) {
		if id != "" && row.ID != id || group != "" && row.ResourceGroup != group || !matchesAll(filters, row.Tags) {
			continue
		}
		elements := row.elements()
		elements["Tags"] = tagElements(row.Tags)
		rows = append(rows, elements)
	}
	return answer{"ServerCertificates": answer{"ServerCertificate": shuffle(s.random, rows)}}, nil
}

// listedCertificates are those that lists show to the caller, by ID: an upload comes late, and a deletion too.
func (s *Server) listedCertificates(c *call) []certificate {
	var rows []certificate
	s.store.read(func() {
		for _, id := range s.store.certificates.ids() {
			row := s.store.certificates.rows[id]
			tooNew := c.arrived.Sub(row.Created) < s.options.ListLag
			gone := !row.Deleted.IsZero() && c.arrived.Sub(row.Deleted) >= s.options.ListLag
			if row.Account == c.caller.account && row.Region == c.region && !tooNew && !gone {
				rows = append(rows, row)
			}
		}
	})
	return rows
}

// certificate finds one that truly exists, in the caller's account and the call's region. The store is held.
func (s *Server) certificate(c *call, id string) (certificate, bool) {
	row, ok := s.store.certificates.rows[id]
	return row, ok && row.Deleted.IsZero() && row.Account == c.caller.account && row.Region == c.region
}

func certificateNotFound() error {
	return refuse("ServerCertificateId.NotFound", "The specified ServerCertificateId does not exist.")
}

// deleteServerCertificate deletes a certificate that nothing serves.
func deleteServerCertificate(s *Server, c *call) (answer, error) {
	id := c.params.required("ServerCertificateId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.store.change(func(x *change) error {
		row, ok := s.certificate(c, id)
		if !ok {
			return certificateNotFound()
		}
		if err := s.checkUnused(id); err != nil {
			return err
		}
		for old, gone := range s.store.certificates.rows {
			if !gone.Deleted.IsZero() && c.arrived.Sub(gone.Deleted) >= s.options.ListLag {
				s.store.certificates.remove(x, old)
			}
		}
		if s.options.ListLag == 0 {
			s.store.certificates.remove(x, id)
			return nil
		}
		row.Deleted = c.arrived
		s.store.certificates.put(x, id, row)
		return nil
	})
}

// setServerCertificateName changes the name and nothing else.
func setServerCertificateName(s *Server, c *call) (answer, error) {
	id := c.params.required("ServerCertificateId")
	c.params.required("ServerCertificateName")
	name := c.params.certificateName()
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.changeCertificate(c, id, certificateNotFound(), func(row *certificate) { row.Name = name })
}

// changeCertificate alters one row by edit, or gives the refusal when there is none.
func (s *Server) changeCertificate(c *call, id string, missing error, edit func(*certificate)) error {
	return s.store.change(func(x *change) error {
		row, ok := s.certificate(c, id)
		if !ok {
			return missing
		}
		edit(&row)
		s.store.certificates.put(x, id, row)
		return nil
	})
}

// moveResourceGroup puts a certificate into another resource group.
func moveResourceGroup(s *Server, c *call) (answer, error) {
	id, kind := c.params.required("ResourceId"), c.params.required("ResourceType")
	c.params.required("NewResourceGroupId")
	group := c.params.resourceGroup("NewResourceGroupId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	if kind != "certificate" {
		return nil, refuse("InvalidParameter.ResourceType", "The ResourceType is not supported.")
	}
	missing := refuse("InvalidResourceId.NotFound", "The specified resource does not exist.")
	return nil, s.changeCertificate(c, id, missing, func(row *certificate) { row.ResourceGroup = group })
}
