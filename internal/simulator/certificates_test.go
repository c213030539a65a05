package simulator

import (
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

func TestSDKKeepsCertificates(t *testing.T) {
	t.Parallel()
	b := start(t)
	client, pair := b.slb(), newPair(rsa2048())

	upload := slb.CreateUploadServerCertificateRequest()
	upload.RegionId, upload.ServerCertificateName = testRegion, "web"
	upload.Tag = &[]slb.UploadServerCertificateTag{{Key: "clbcert.dev/object", Value: "shop/web *~+"}, {Key: "team", Value: "shop"}}
	upload.FormParams["ServerCertificate"], upload.FormParams["PrivateKey"] = certificatePEM(pair.chain...), keyPEM(pair.key)
	uploaded, err := client.UploadServerCertificate(upload)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^\d+_[0-9a-f]+_\d+_-\d+$`).MatchString(uploaded.ServerCertificateId) {
		t.Errorf("the ID %q has another form than the service's", uploaded.ServerCertificateId)
	}
	if uploaded.Fingerprint != fingerprint(pair.leaf.Raw) || uploaded.CommonName != "a.com" || uploaded.RequestId == "" {
		t.Errorf("the answer lacks facts: %+v", uploaded)
	}
	if got, want := uploaded.SubjectAlternativeNames.SubjectAlternativeName, `["a.com","www.a.com"]`; len(got) != 1 || got[0] != want {
		t.Errorf("alternative names are %q, want one string that is a list: %s", got, want)
	}
	if got, want := uploaded.ExpireTimeStamp, pair.leaf.NotAfter.UnixMilli(); got != want {
		t.Errorf("it expires at %d, want %d", got, want)
	}

	rename := slb.CreateSetServerCertificateNameRequest()
	rename.RegionId, rename.ServerCertificateId, rename.ServerCertificateName = testRegion, uploaded.ServerCertificateId, "other"
	if _, err := client.SetServerCertificateName(rename); err != nil {
		t.Fatal(err)
	}

	describe := slb.CreateDescribeServerCertificatesRequest()
	describe.RegionId, describe.Method = testRegion, requests.GET
	describe.Tag = &[]slb.DescribeServerCertificatesTag{{Key: "clbcert.dev/object", Value: "shop/web *~+"}}
	described, err := client.DescribeServerCertificates(describe)
	if err != nil {
		t.Fatal(err)
	}
	rows := described.ServerCertificates.ServerCertificate
	if len(rows) != 1 || rows[0].ServerCertificateName != "other" || len(rows[0].Tags.Tag) != 2 {
		t.Fatalf("by tag the list holds %+v", rows)
	}

	remove := slb.CreateDeleteServerCertificateRequest()
	remove.RegionId, remove.ServerCertificateId = testRegion, uploaded.ServerCertificateId
	if _, err := client.DeleteServerCertificate(remove); err != nil {
		t.Fatal(err)
	}
	remove = slb.CreateDeleteServerCertificateRequest()
	remove.RegionId, remove.ServerCertificateId = testRegion, uploaded.ServerCertificateId
	_, err = client.DeleteServerCertificate(remove)
	refusal, ok := err.(*errors.ServerError)
	if !ok || refusal.ErrorCode() != "ServerCertificateId.NotFound" || refusal.HttpStatus() != http.StatusNotFound || refusal.RequestId() == "" {
		t.Errorf("a second deletion gives %v", err)
	}
}

func TestUploadTakesWhatIsDocumented(t *testing.T) {
	t.Parallel()
	b := start(t)
	p256 := newPair(ecKey(elliptic.P256()))
	withRoot := p256
	withRoot.chain = append([]*x509.Certificate{}, append(p256.chain, rootCA().certificate)...)
	for sentence, form := range map[string]map[string]string{
		"RSA of 1024 bits":                      newPair(rsa1024()).parameters(),
		"RSA of 3072 bits":                      newPair(rsaKey(3072)).parameters(),
		"P-384":                                 newPair(ecKey(elliptic.P384())).parameters(),
		"P-521":                                 newPair(ecKey(elliptic.P521())).parameters(),
		"a chain with its root":                 withRoot.parameters(),
		"a certificate alone":                   pair{p256.leaf, p256.chain[:1], p256.key}.parameters(),
		"no newline at the end":                 p256.parameters("ServerCertificate", strings.TrimSpace(certificatePEM(p256.chain...))),
		"no name":                               p256.parameters("ServerCertificateName", ""),
		"a tag of the longest key and value":    p256.parameters("Tag.1.Key", strings.Repeat("ü", 64), "Tag.1.Value", strings.Repeat("v", 128)),
		"a tag without value":                   p256.parameters("Tag.1.Key", "k"),
		"a CAS certificate":                     {"AliCloudCertificateId": "7752925", "AliCloudCertificateName": "web"},
		"a CAS certificate with region":         {"AliCloudCertificateId": "7752925", "AliCloudCertificateRegionId": "cn-hangzhou"},
		"a CAS ID that ends in 75, region-less": {"AliCloudCertificateId": "7752975"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bench := *b
			bench.t = t
			bench.call("UploadServerCertificate", form)
		})
	}
}

func TestUploadRefusesMaterial(t *testing.T) {
	t.Parallel()
	b := start(t)
	good := newPair(ecKey(elliptic.P256()))
	chain, key := certificatePEM(good.chain...), keyPEM(good.key)
	short := rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 512), big.NewInt(1)), E: 65537}
	for sentence, c := range map[string]struct {
		form map[string]string
		code string
	}{
		"no certificate":                {good.parameters("ServerCertificate", ""), "MissingParameter"},
		"no key":                        {good.parameters("PrivateKey", ""), "MissingParameter"},
		"a blank line between blocks":   {good.parameters("ServerCertificate", strings.Replace(chain, "-----\n-----", "-----\n\n-----", 1)), "CertificateFormatInvalid"},
		"a blank line at the end":       {good.parameters("ServerCertificate", chain+"\n"), "CertificateFormatInvalid"},
		"text before the first block":   {good.parameters("ServerCertificate", "subject=a.com\n"+chain), "CertificateFormatInvalid"},
		"CRLF":                          {good.parameters("ServerCertificate", strings.ReplaceAll(chain, "\n", "\r\n")), "CertificateFormatInvalid"},
		"lines of 76 characters":        {good.parameters("ServerCertificate", rewrap(certificatePEM(good.leaf), 76)), "CertificateFormatInvalid"},
		"blanks at a line's end":        {good.parameters("ServerCertificate", strings.Replace(chain, "\n", " \n", 2)), "CertificateFormatInvalid"},
		"no PEM at all":                 {good.parameters("ServerCertificate", "hello"), "CertificateFormatInvalid"},
		"a block of another type":       {good.parameters("ServerCertificate", block("TRUSTED CERTIFICATE", good.leaf.Raw)), "CertificateFormatInvalid"},
		"a block that is no DER":        {good.parameters("ServerCertificate", block("CERTIFICATE", []byte("hello"))), "CertificateFormatInvalid"},
		"the issuer first":              {good.parameters("ServerCertificate", certificatePEM(good.chain[1], good.leaf)), "IllegalParam.ServerCertificate"},
		"an unrelated certificate":      {good.parameters("ServerCertificate", certificatePEM(good.leaf, rootCA().certificate)), "IllegalParam.ServerCertificate"},
		"the leaf twice":                {good.parameters("ServerCertificate", certificatePEM(good.leaf, good.leaf)), "IllegalParam.ServerCertificate"},
		"the root twice":                {good.parameters("ServerCertificate", certificatePEM(append(good.chain, rootCA().certificate, rootCA().certificate)...)), "IllegalParam.ServerCertificate"},
		"an expired leaf":               {newPair(ecKey(elliptic.P256()), expired).parameters(), "IllegalParam.ServerCertificate"},
		"an Ed25519 key":                {newPair(ed25519Key()).parameters(), "IllegalParam.ServerCertificate"},
		"P-224":                         {newPair(ecKey(elliptic.P224())).parameters(), "EccCertificateNotSupport"},
		"an EC key in a region without": {good.parameters("RegionId", "me-east-1"), "EccCertificateNotSupport"},
		"RSA of 1280 bits":              {newPair(rsaKey(1280)).parameters(), "OperationDenied.IllegalKeyLength"},
		"RSA of 512 bits":               {good.parameters("ServerCertificate", certificatePEM(intermediateCA().leaf(&short))), "OperationDenied.IllegalKeyLength"},
		"an RSA key as PKCS#8":          {newPair(rsa2048()).parameters("PrivateKey", pkcs8PEM(rsa2048())), "KeyFormatError"},
		"an EC key as PKCS#8":           {good.parameters("PrivateKey", pkcs8PEM(good.key)), "KeyFormatError"},
		"a key with EC PARAMETERS":      {good.parameters("PrivateKey", block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7})+key), "KeyFormatError"},
		"a key with a blank line":       {good.parameters("PrivateKey", key+"\n"), "KeyFormatError"},
		"a key of the wrong type":       {good.parameters("PrivateKey", strings.ReplaceAll(key, "EC PRIVATE", "RSA PRIVATE")), "KeyFormatError"},
		"an encrypted key":              {good.parameters("PrivateKey", strings.Replace(key, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1)), "PrivateKeyEncryption"},
		"an encrypted PKCS#8 key":       {good.parameters("PrivateKey", strings.ReplaceAll(key, "EC PRIVATE", "ENCRYPTED PRIVATE")), "PrivateKeyEncryption"},
		"the key of another":            {good.parameters("PrivateKey", keyPEM(ecKey(elliptic.P256()))), "CertificateNotMatchPrivateKey"},
		"an RSA key for an EC leaf":     {good.parameters("PrivateKey", keyPEM(rsa1024())), "CertificateNotMatchPrivateKey"},
		"a CAS ID with letters":         {map[string]string{"AliCloudCertificateId": "77a"}, "InvalidParameter.AliCloudCertificateId"},
		"a CAS ID and a certificate":    {good.parameters("AliCloudCertificateId", "77"), "InvalidParameter"},
		"a CAS region for an odd ID":    {map[string]string{"AliCloudCertificateId": "7752975", "AliCloudCertificateRegionId": "cn-hangzhou"}, "MissingParameter"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bench := *b
			bench.t = t
			if status, code := bench.refused("UploadServerCertificate", c.form); code != c.code || status != http.StatusBadRequest {
				t.Errorf("got %d %v, want 400 %s", status, code, c.code)
			}
		})
	}
}

func TestQuotaIsPerAccountAndRegion(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Quota = 2 })
	first := b.upload()
	b.upload()
	full := newPair(ecKey(elliptic.P256()))
	if status, code := b.refused("UploadServerCertificate", full.parameters()); status != 400 || code != quotaCode {
		t.Errorf("over the quota: %d %v", status, code)
	}
	b.upload("RegionId", "cn-beijing")
	b.call("DeleteServerCertificate", map[string]string{"ServerCertificateId": first})
	b.call("UploadServerCertificate", full.parameters())
}

func TestOnlyTenNamesAreReported(t *testing.T) {
	t.Parallel()
	b := start(t)
	many := newPair(ecKey(elliptic.P256()), func(template *x509.Certificate) {
		template.DNSNames = nil
		for n := range 30 {
			template.DNSNames = append(template.DNSNames, fmt.Sprintf("n%d.a.com", n))
		}
	})
	a := b.call("UploadServerCertificate", many.parameters())
	list := a["SubjectAlternativeNames"].(map[string]any)["SubjectAlternativeName"].([]any)
	if len(list) != 1 || strings.Count(list[0].(string), ".a.com") != maxNames {
		t.Errorf("reported: %v", list)
	}
}

// rewrap writes a PEM block with lines of another length.
func rewrap(text string, width int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	body, out := strings.Join(lines[1:len(lines)-1], ""), lines[0]+"\n"
	for len(body) > width {
		out, body = out+body[:width]+"\n", body[width:]
	}
	return out + body + "\n" + lines[len(lines)-1] + "\n"
}
