package simulator

import (
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

func TestSDKKeepsCertificates(t *testing.T) {
	t.Parallel()
	b := start(t)
	client, pair := b.slb(), newPair(t, must(usualRSA())(t))
	object := "shop/web *~+"

	upload := slb.CreateUploadServerCertificateRequest()
	upload.RegionId, upload.ServerCertificateName = testRegion, "web"
	upload.Tag = &[]slb.UploadServerCertificateTag{{Key: "clbcert.dev/object", Value: object}, {Key: "team", Value: "shop"}}
	upload.FormParams["ServerCertificate"], upload.FormParams["PrivateKey"] = certificatePEM(pair.chain...), pair.key
	uploaded := must(client.UploadServerCertificate(upload))(t)
	checkUploaded(t, uploaded, pair)

	rename := slb.CreateSetServerCertificateNameRequest()
	rename.RegionId, rename.ServerCertificateId, rename.ServerCertificateName = testRegion, uploaded.ServerCertificateId, "other"
	must(client.SetServerCertificateName(rename))(t)

	describe := slb.CreateDescribeServerCertificatesRequest()
	describe.RegionId, describe.Method = testRegion, requests.GET
	describe.Tag = &[]slb.DescribeServerCertificatesTag{{Key: "clbcert.dev/object", Value: object}}
	rows := must(client.DescribeServerCertificates(describe))(t).ServerCertificates.ServerCertificate
	if len(rows) != 1 || rows[0].ServerCertificateName != "other" || len(rows[0].Tags.Tag) != 2 {
		t.Fatalf("by tag the list holds %+v", rows)
	}

	remove := func() error {
		request := slb.CreateDeleteServerCertificateRequest()
		request.RegionId, request.ServerCertificateId = testRegion, uploaded.ServerCertificateId
		_, err := client.DeleteServerCertificate(request)
		return err
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	if status, code := sdkRefusal(remove()); status != http.StatusNotFound || code != "ServerCertificateId.NotFound" {
		t.Errorf("a second deletion gives %d %s", status, code)
	}
}

// sdkRefusal gives what the SDK made of a refusal.
func sdkRefusal(err error) (status int, code string) {
	if refusal, ok := errors.AsType[*sdkerrors.ServerError](err); ok && refusal.RequestId() != "" {
		return refusal.HttpStatus(), refusal.ErrorCode()
	}
	return 0, ""
}

func checkUploaded(t *testing.T, uploaded *slb.UploadServerCertificateResponse, pair pair) {
	t.Helper()
	leaf := pair.chain[0]
	if !regexp.MustCompile(`^\d+_[0-9a-f]+_\d+_-\d+$`).MatchString(uploaded.ServerCertificateId) {
		t.Errorf("the ID %q has another form than the service's", uploaded.ServerCertificateId)
	}
	if uploaded.Fingerprint != fingerprint(leaf.Raw) || uploaded.CommonName != "a.com" || uploaded.RequestId == "" {
		t.Errorf("the answer lacks facts: %+v", uploaded)
	}
	if got, want := uploaded.SubjectAlternativeNames.SubjectAlternativeName, []string{`["a.com","www.a.com"]`}; !slices.Equal(got, want) {
		t.Errorf("alternative names are %q, want one string that is a list: %q", got, want)
	}
	if got, want := uploaded.ExpireTimeStamp, leaf.NotAfter.UnixMilli(); got != want {
		t.Errorf("it expires at %d, want %d", got, want)
	}
}

func TestUploadTakesWhatIsDocumented(t *testing.T) {
	t.Parallel()
	b := start(t)
	p256 := quickPair(t)
	root := must(rootCA())(t).certificate
	for sentence, form := range map[string]map[string]string{
		"RSA of 1024 bits":                      newPair(t, must(smallRSA())(t)).parameters(),
		"RSA of 3072 bits":                      newPair(t, rsaKey(t, 3072)).parameters(),
		"P-384":                                 newPair(t, ecKey(t, elliptic.P384())).parameters(),
		"P-521":                                 newPair(t, ecKey(t, elliptic.P521())).parameters(),
		"a chain with its root":                 pair{append(slices.Clone(p256.chain), root), p256.key}.parameters(),
		"a certificate alone":                   pair{p256.chain[:1], p256.key}.parameters(),
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
	good := quickPair(t)
	chain, key, root := certificatePEM(good.chain...), good.key, must(rootCA())(t).certificate
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
		"lines of 76 characters":        {good.parameters("ServerCertificate", rewrap(certificatePEM(good.chain[0]), 76)), "CertificateFormatInvalid"},
		"blanks at a line's end":        {good.parameters("ServerCertificate", strings.Replace(chain, "\n", " \n", 2)), "CertificateFormatInvalid"},
		"no PEM at all":                 {good.parameters("ServerCertificate", "hello"), "CertificateFormatInvalid"},
		"a block of another type":       {good.parameters("ServerCertificate", block("TRUSTED CERTIFICATE", good.chain[0].Raw)), "CertificateFormatInvalid"},
		"a block that is no DER":        {good.parameters("ServerCertificate", block("CERTIFICATE", []byte("hello"))), "CertificateFormatInvalid"},
		"the issuer first":              {good.parameters("ServerCertificate", certificatePEM(good.chain[1], good.chain[0])), "IllegalParam.ServerCertificate"},
		"an unrelated certificate":      {good.parameters("ServerCertificate", certificatePEM(good.chain[0], root)), "IllegalParam.ServerCertificate"},
		"the leaf twice":                {good.parameters("ServerCertificate", certificatePEM(good.chain[0], good.chain[0])), "IllegalParam.ServerCertificate"},
		"the root twice":                {good.parameters("ServerCertificate", certificatePEM(append(good.chain, root, root)...)), "IllegalParam.ServerCertificate"},
		"an expired leaf":               {newPair(t, ecKey(t, elliptic.P256()), expired).parameters(), "IllegalParam.ServerCertificate"},
		"an Ed25519 key":                {newPair(t, ed25519Key(t)).parameters(), "IllegalParam.ServerCertificate"},
		"P-224":                         {newPair(t, ecKey(t, elliptic.P224())).parameters(), "EccCertificateNotSupport"},
		"an EC key in a region without": {good.parameters("RegionId", "me-east-1"), "EccCertificateNotSupport"},
		"RSA of 1280 bits":              {newPair(t, rsaKey(t, 1280)).parameters(), "OperationDenied.IllegalKeyLength"},
		"RSA of 512 bits":               {good.parameters("ServerCertificate", certificatePEM(must(subCA())(t).leaf(t, &short))), "OperationDenied.IllegalKeyLength"},
		"an RSA key as PKCS#8":          {newPair(t, must(usualRSA())(t)).parameters("PrivateKey", pkcs8PEM(t, must(usualRSA())(t))), "KeyFormatError"},
		"an EC key as PKCS#8":           {good.parameters("PrivateKey", pkcs8PEM(t, ecKey(t, elliptic.P256()))), "KeyFormatError"},
		"a key with EC PARAMETERS":      {good.parameters("PrivateKey", block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7})+key), "KeyFormatError"},
		"a key with a blank line":       {good.parameters("PrivateKey", key+"\n"), "KeyFormatError"},
		"a key of the wrong type":       {good.parameters("PrivateKey", strings.ReplaceAll(key, "EC PRIVATE", "RSA PRIVATE")), "KeyFormatError"},
		"an encrypted key":              {good.parameters("PrivateKey", strings.Replace(key, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n", 1)), "PrivateKeyEncryption"},
		"an encrypted PKCS#8 key":       {good.parameters("PrivateKey", strings.ReplaceAll(key, "EC PRIVATE", "ENCRYPTED PRIVATE")), "PrivateKeyEncryption"},
		"the key of another":            {good.parameters("PrivateKey", keyPEM(t, ecKey(t, elliptic.P256()))), "CertificateNotMatchPrivateKey"},
		"an RSA key for an EC leaf":     {good.parameters("PrivateKey", keyPEM(t, must(smallRSA())(t))), "CertificateNotMatchPrivateKey"},
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
	full := quickPair(t)
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
	many := newPair(t, ecKey(t, elliptic.P256()), func(template *x509.Certificate) {
		template.DNSNames = nil
		for n := range 30 {
			template.DNSNames = append(template.DNSNames, fmt.Sprintf("n%d.a.com", n))
		}
	})
	a := b.call("UploadServerCertificate", many.parameters())
	names := list(a, "SubjectAlternativeNames", "SubjectAlternativeName")
	if len(names) != 1 || strings.Count(fmt.Sprint(names[0]), ".a.com") != maxNames {
		t.Errorf("reported: %v", names)
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
