package simulator

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"time"
)

// defaultResourceGroup is where resources are that name none.
const defaultResourceGroup = "rg-acfmxdefault"

// quotaCode is own choice: no source shows the code of a full certificate quota. It holds the word Quota, as the
// service's other quota codes do.
const quotaCode = "QuotaExceeded.ServerCertificate"

var (
	certificateName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,79}$`)
	resourceGroup   = regexp.MustCompile(`^rg-[a-z0-9]{1,60}$`)
	casID           = regexp.MustCompile(`^\d{1,32}$`)
)

// certificateName reads the name: 1 to 80 characters, first a letter, then letters, digits, '.', '_' and '-'.
func (p *params) certificateName() string {
	name := p.optional("ServerCertificateName")
	if name != "" && !certificateName.MatchString(name) {
		p.refuse("InvalidParameter", "The parameter ServerCertificateName is not valid.")
	}
	return name
}

// resourceGroup reads a resource group's ID; every well-formed one exists.
func (p *params) resourceGroup(parameter string) string {
	group := p.optional(parameter)
	if group == "" {
		return defaultResourceGroup
	}
	if !resourceGroup.MatchString(group) {
		p.refuse("InvalidParameter."+parameter, "The parameter %s is not valid.", parameter)
	}
	return group
}

// uploadServerCertificate makes a certificate, a new one at each call. What the parameters say is checked first, then
// the material, then the quota.
func uploadServerCertificate(s *Server, c *call) (answer, error) {
	row := certificate{
		Account: c.caller.account, Region: c.region, Created: c.arrived.UTC(),
		Name: c.params.certificateName(), ResourceGroup: c.params.resourceGroup("ResourceGroupId"), Tags: c.params.tags(),
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	fill := fillFromPEM
	if c.params.optional("AliCloudCertificateId") != "" {
		fill = fillFromCAS
	}
	if err := fill(c, &row); err != nil {
		return nil, err
	}
	if c.foreign {
		row.Fingerprint = fingerprint([]byte(row.Fingerprint))
	}
	err := s.store.change(func(x *change) error {
		if s.certificatesOf(c) >= s.options.Quota {
			return refuse(quotaCode, "The quota of server certificates in this region is exceeded.")
		}
		row.ID = s.newCertificateID(c)
		s.store.certificates.put(x, row.ID, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return row.elements(), nil
}

// certificatesOf counts what the caller has in the region. The store is held.
func (s *Server) certificatesOf(c *call) int {
	count := 0
	for id := range s.store.certificates.rows {
		if _, ok := s.certificate(c, id); ok {
			count++
		}
	}
	return count
}

func (s *Server) newCertificateID(c *call) string {
	for {
		id := s.random.certificateID(c.caller.account, c.arrived)
		if _, taken := s.store.certificates.rows[id]; !taken {
			return id
		}
	}
}

// fillFromPEM takes facts from the chain, after chain and key are found right. The key goes no further.
func fillFromPEM(c *call, row *certificate) error {
	text, key := c.params.required("ServerCertificate"), c.params.required("PrivateKey")
	if c.params.err != nil {
		return c.params.err
	}
	chain, err := readChain(text, c.arrived)
	if err != nil {
		return err
	}
	leaf := chain[0]
	if err := checkAlgorithm(leaf, regions[c.region].noECC); err != nil {
		return err
	}
	if err := checkKey(key, leaf); err != nil {
		return err
	}
	digest := sha256.New()
	for _, certificate := range chain {
		_, _ = digest.Write(certificate.Raw) // a hash never refuses
	}
	row.Digest = hex.EncodeToString(digest.Sum(nil))
	row.Fingerprint = fingerprint(leaf.Raw)
	row.CommonName, row.DNSNames = leaf.Subject.CommonName, leaf.DNSNames
	row.Expires = leaf.NotAfter.UTC()
	return nil
}

// fillFromCAS makes up what a certificate of Certificate Management Service would have: every ID of digits exists there,
// for one domain, and expires in 90 days. With a CAS region it answers for some IDs (own choice: those that end in 75)
// what alibabacloud-go-sdk's issue 75 reports, the misspelling included.
func fillFromCAS(c *call, row *certificate) error {
	id, region := c.params.optional("AliCloudCertificateId"), c.params.optional("AliCloudCertificateRegionId")
	switch {
	case c.params.optional("ServerCertificate") != "" || c.params.optional("PrivateKey") != "":
		return refuse("InvalidParameter", "Give either AliCloudCertificateId or ServerCertificate with PrivateKey.")
	case !casID.MatchString(id):
		return refuse("InvalidParameter.AliCloudCertificateId", "The specified AliCloudCertificateId is invalid.")
	case region != "" && strings.HasSuffix(id, "75"):
		return refuse("MissingParameter", "The parameter AliCouldCertificateId is missing.")
	}
	row.CASID, row.CASName = id, c.params.optional("AliCloudCertificateName")
	row.Fingerprint = fingerprint([]byte(region + "/" + id))
	row.CommonName = "cas-" + id + ".example.com"
	row.DNSNames = []string{row.CommonName}
	row.Expires = row.Created.Add(90 * 24 * time.Hour).Truncate(time.Second)
	return nil
}

// fingerprint is SHA-1, lower-case hex, bytes separated by colons.
func fingerprint(der []byte) string {
	sum := sha1.Sum(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(pairs, ":")
}
