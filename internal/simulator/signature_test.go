package simulator

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

// TestSignatureOfTheDocumentation checks the example of Alibaba Cloud's page "Request syntax and signature method V2 for
// RPC APIs".
func TestSignatureOfTheDocumentation(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"AccessKeyId": "testid", "Action": "DescribeRegions", "Format": "XML", "SignatureMethod": "HMAC-SHA1",
		"SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "SignatureVersion": "1.0", "Timestamp": "2016-02-23T12:46:24Z",
		"Version": "2014-05-26", "Signature": "ignored",
	}
	text := rpcStringToSign(http.MethodGet, values)
	want := "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1%26" +
		"SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26"
	if text != want {
		t.Errorf("the string to sign is\n%s, want\n%s", text, want)
	}
	if got := rpcSign(text, "testsecret"); got != "OLeaidS1JvxuMvnyHOwuJ+uX5qY=" {
		t.Errorf("the signature is %s", got)
	}
}

func TestPercentEncoding(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"az AZ09-_.~": "az%20AZ09-_.~", "*+/=&%": "%2A%2B%2F%3D%26%25", "ü": "%C3%BC", "\n": "%0A", "%7E": "%257E",
	} {
		if got := percentEncode(text); got != want {
			t.Errorf("%q becomes %s, want %s", text, got, want)
		}
	}
}

func TestFormWinsOverQuery(t *testing.T) {
	t.Parallel()
	b := start(t)
	e := newExchange("DescribeServerCertificates", map[string]string{"RegionId": "cn-beijing"}).sign()
	if err := b.send(e); err != nil || e.status != http.StatusOK {
		t.Fatalf("a name in query and form: %v, %s", err, e.body)
	}
	var calls []callRecord
	b.get("/calls", &calls)
	if calls[0].Region != "cn-beijing" {
		t.Errorf("the region is %q", calls[0].Region)
	}
}

func TestParametersInTheQueryAlone(t *testing.T) {
	t.Parallel()
	b := start(t)
	e := newExchange("DescribeServerCertificates", nil)
	e.method = http.MethodGet
	if err := b.send(e.sign()); err != nil || e.status != http.StatusOK {
		t.Fatalf("GET: %v, %s", err, e.body)
	}
}

func TestNonceServesOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	e := newExchange("DescribeRegions", nil).sign()
	for _, want := range []int{200, 400} {
		if err := b.send(e); err != nil || e.status != want {
			t.Fatalf("got %v %d %s, want %d", err, e.status, e.body, want)
		}
	}
	if e.document["Code"] != "SignatureNonceUsed" {
		t.Errorf("the replay gives %s", e.body)
	}
}

func TestNoncesAreForgottenInTime(t *testing.T) {
	t.Parallel()
	var n nonces
	now := time.Unix(0, 0)
	if !n.use("a", now) || n.use("a", now.Add(2*maxSkew)) {
		t.Error("a nonce must serve once within the time of its timestamp")
	}
	if !n.use("a", now.Add(2*maxSkew+time.Second)) || len(n.old) != 1 {
		t.Error("an old nonce is not forgotten")
	}
}

// TestRefusedSignatureQuotesTheKey shows that the refusal is as nasty as the real one, in the form the SDK splits.
func TestRefusedSignatureQuotesTheKey(t *testing.T) {
	t.Parallel()
	b := start(t)
	client := b.slbAs(credentials.NewStaticAKCredentialsProvider(testKeyID, "wrong"))
	request := slb.CreateUploadServerCertificateRequest()
	request.RegionId = testRegion
	request.FormParams["PrivateKey"] = "-----BEGIN RSA PRIVATE KEY-----"
	_, err := client.UploadServerCertificate(request)
	refusal, ok := errors.AsType[*sdkerrors.ServerError](err)
	if !ok || refusal.ErrorCode() != "SignatureDoesNotMatch" {
		t.Fatalf("a wrong secret gives %v", err)
	}
	if !strings.Contains(refusal.Message(), "-----BEGIN%2520RSA%2520PRIVATE%2520KEY-----") {
		t.Error("the refusal doesn't quote the form")
	}
	if want := "InvalidAccessKeySecret: Please check you AccessKeySecret"; refusal.Recommend() != want {
		t.Errorf("the SDK found another string to sign: %s", refusal.Recommend())
	}
}

func TestXMLWhenNoFormatIsAsked(t *testing.T) {
	t.Parallel()
	b := start(t)
	e := newExchange("DescribeServerCertificates", nil)
	e.query.Del("Format")
	b.upload("Tag.1.Key", "k", "Tag.1.Value", "<v>")
	if err := b.send(e.sign()); err != nil || e.status != http.StatusOK {
		t.Fatal(err, e.status)
	}
	for _, part := range []string{"<DescribeServerCertificatesResponse>", "<Tags><Tag><TagKey>k</TagKey><TagValue>&lt;v&gt;</TagValue></Tag></Tags>", "<RequestId>"} {
		if !strings.Contains(string(e.body), part) {
			t.Errorf("no %s in %s", part, e.body)
		}
	}
}
