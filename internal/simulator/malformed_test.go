package simulator

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMalformedRequestsAreRefused sends requests that differ from a good one by one mistake: before the signature is made
// (edit), or after it (damage).
func TestMalformedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Quota = 1000 })
	id := b.upload()
	good := quickPair(t).parameters()
	byID := map[string]string{"ServerCertificateId": id}
	tag := map[string]string{"ResourceType": "certificate", "ResourceId.1": id, "Tag.1.Key": "k", "Tag.1.Value": "v"}
	const upload, remove, tagging, listing = "UploadServerCertificate", "DeleteServerCertificate", "TagResources", "ListTagResources"
	for sentence, c := range map[string]struct {
		action string
		form   map[string]string
		edit   func(*exchange)
		damage func(*exchange)
		status int
		code   string
	}{
		"no action":                        {remove, byID, drop("Action"), nil, 400, "MissingParameter"},
		"an unknown action":                {remove, byID, query("Action", "UploadCertificate"), nil, 404, "InvalidAction.NotFound"},
		"an action in lower case":          {remove, byID, query("Action", "deleteservercertificate"), nil, 404, "InvalidAction.NotFound"},
		"no version":                       {remove, byID, drop("Version"), nil, 400, "InvalidVersion"},
		"another product's version":        {remove, byID, query("Version", "2015-04-01"), nil, 400, "InvalidVersion"},
		"no region":                        {remove, byID, drop("RegionId"), nil, 400, "MissingParameter"},
		"an empty region":                  {remove, byID, query("RegionId", ""), nil, 400, "MissingParameter"},
		"an unknown region":                {remove, byID, query("RegionId", "cn-atlantis"), nil, 404, "InvalidRegionId.NotFound"},
		"a parameter given twice":          {remove, byID, nil, func(e *exchange) { e.query.Add("RegionId", "cn-beijing") }, 400, "InvalidParameter"},
		"PUT":                              {remove, byID, func(e *exchange) { e.method = http.MethodPut }, nil, 405, "UnsupportedHTTPMethod"},
		"no access key":                    {remove, byID, drop("AccessKeyId"), nil, 400, "MissingParameter"},
		"an unknown access key":            {remove, byID, query("AccessKeyId", "LTAIother"), nil, 404, "InvalidAccessKeyId.NotFound"},
		"a wrong secret":                   {remove, byID, func(e *exchange) { e.secret = "other" }, nil, 400, "SignatureDoesNotMatch"},
		"no signature":                     {remove, byID, nil, drop("Signature"), 400, "IncompleteSignature"},
		"a garbled signature":              {remove, byID, nil, query("Signature", "hello"), 400, "SignatureDoesNotMatch"},
		"a parameter changed on the way":   {remove, byID, nil, func(e *exchange) { e.form.Set("ServerCertificateId", "1") }, 400, "SignatureDoesNotMatch"},
		"a parameter added on the way":     {remove, byID, nil, func(e *exchange) { e.form.Set("OwnerId", "1") }, 400, "SignatureDoesNotMatch"},
		"a parameter lost on the way":      {remove, byID, nil, func(e *exchange) { e.form.Del("ServerCertificateId") }, 400, "SignatureDoesNotMatch"},
		"a signature for GET":              {remove, byID, nil, func(e *exchange) { e.method = http.MethodGet; e.sign(); e.method = http.MethodPost }, 400, "SignatureDoesNotMatch"},
		"no method of signature":           {remove, byID, drop("SignatureMethod"), nil, 400, "MissingParameter"},
		"another method of signature":      {remove, byID, query("SignatureMethod", "HMAC-SHA256"), nil, 400, "InvalidParameter"},
		"another version of signature":     {remove, byID, query("SignatureVersion", "2.0"), nil, 400, "InvalidParameter"},
		"a bearer token's type":            {remove, byID, query("SignatureType", "BEARERTOKEN"), nil, 400, "InvalidParameter"},
		"no nonce":                         {remove, byID, drop("SignatureNonce"), nil, 400, "MissingParameter"},
		"no timestamp":                     {remove, byID, drop("Timestamp"), nil, 400, "MissingParameter"},
		"a timestamp of another form":      {remove, byID, query("Timestamp", "2026-11-24 10:00:00"), nil, 400, "IllegalTimestamp"},
		"a timestamp 16 minutes old":       {remove, byID, query("Timestamp", apiTime(time.Now().Add(-16*time.Minute))), nil, 400, "InvalidTimeStamp.Expired"},
		"a timestamp 16 minutes ahead":     {remove, byID, query("Timestamp", apiTime(time.Now().Add(16*time.Minute))), nil, 400, "InvalidTimeStamp.Expired"},
		"a token with a lasting key":       {remove, byID, query("SecurityToken", "CAISx"), nil, 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		"a body of 2 MiB":                  {remove, map[string]string{"ServerCertificateId": strings.Repeat("1", 2<<20)}, nil, nil, 413, "RequestBodyTooLarge"},
		"no certificate ID":                {remove, nil, nil, nil, 400, "MissingParameter"},
		"an empty certificate ID":          {remove, map[string]string{"ServerCertificateId": ""}, nil, nil, 400, "MissingParameter"},
		"an unknown certificate ID":        {remove, map[string]string{"ServerCertificateId": "1_2_3_-4"}, nil, nil, 404, "ServerCertificateId.NotFound"},
		"a certificate of another region":  {remove, byID, query("RegionId", "cn-beijing"), nil, 404, "ServerCertificateId.NotFound"},
		"a name that begins with a digit":  {upload, good, form("ServerCertificateName", "1web"), nil, 400, "InvalidParameter"},
		"a name with a blank":              {upload, good, form("ServerCertificateName", "my web"), nil, 400, "InvalidParameter"},
		"a name of 81 characters":          {upload, good, form("ServerCertificateName", strings.Repeat("a", 81)), nil, 400, "InvalidParameter"},
		"a resource group of another form": {upload, good, form("ResourceGroupId", "group"), nil, 400, "InvalidParameter.ResourceGroupId"},
		"a tag key of 65 characters":       {upload, good, form("Tag.1.Key", strings.Repeat("k", 65)), nil, 400, "InvalidParam.TagKey"},
		"a tag key that begins aliyun":     {upload, good, form("Tag.1.Key", "aliyun-x"), nil, 400, "InvalidParam.TagKey"},
		"a tag key that begins acs:":       {upload, good, form("Tag.1.Key", "acs:x"), nil, 400, "InvalidParam.TagKey"},
		"a tag key with a URL":             {upload, good, form("Tag.1.Key", "see-https://a.com"), nil, 400, "InvalidParam.TagKey"},
		"a tag key twice":                  {upload, good, form("Tag.1.Key", "k", "Tag.2.Key", "k"), nil, 400, "InvalidParam.TagKey"},
		"a tag value of 129 characters":    {upload, good, form("Tag.1.Key", "k", "Tag.1.Value", strings.Repeat("v", 129)), nil, 400, "InvalidParam.TagValue"},
		"a tag value that begins acs:":     {upload, good, form("Tag.1.Key", "k", "Tag.1.Value", "acs:x"), nil, 400, "InvalidParam.TagValue"},
		"a tag value with a URL":           {upload, good, form("Tag.1.Key", "k", "Tag.1.Value", "http://a.com"), nil, 400, "InvalidParam.TagValue"},
		"a tag value without key":          {upload, good, form("Tag.1.Value", "v"), nil, 400, "MissingParam.TagKey"},
		"an empty tag key":                 {upload, good, form("Tag.1.Key", "", "Tag.1.Value", "v"), nil, 400, "MissingParam.TagKey"},
		"tags from number 2 on":            {upload, good, form("Tag.2.Key", "k"), nil, 400, "MissingParam.TagKey"},
		"21 tags":                          {upload, good, form(numbered("Tag.%d.Key", 21)...), nil, 400, "SizeLimitExceeded.Tag"},
		"no resource type":                 {tagging, tag, formDrop("ResourceType"), nil, 400, "MissingParameter"},
		"an unknown resource type":         {tagging, tag, form("ResourceType", "vm"), nil, 400, "InvalidParameter.ResourceType"},
		"no resource":                      {tagging, tag, formDrop("ResourceId.1"), nil, 400, "MissingParameter"},
		"an unknown resource":              {tagging, tag, form("ResourceId.1", "1_2_3_-4"), nil, 404, "InvalidResourceId.NotFound"},
		"one unknown resource of two":      {tagging, tag, form("ResourceId.2", "1_2_3_-4"), nil, 404, "InvalidResourceId.NotFound"},
		"21 resources":                     {tagging, tag, form(numbered("ResourceId.%d", 21)...), nil, 400, "SizeLimitExceeded.ResourceId"},
		"resources with a gap":             {tagging, tag, form("ResourceId.3", id), nil, 400, "InvalidParameter.ResourceId"},
		"no tag":                           {tagging, tag, formDrop("Tag.1.Key", "Tag.1.Value"), nil, 400, "MissingParam.TagKey"},
		"nothing to untag":                 {"UntagResources", tag, formDrop("Tag.1.Key", "Tag.1.Value"), nil, 400, "MissingParam.TagKey"},
		"a boolean that is none":           {"UntagResources", tag, form("All", "yes"), nil, 400, "InvalidParameter.All"},
		"neither resource nor tag":         {listing, map[string]string{"ResourceType": "certificate"}, nil, nil, 400, "MissingParameter"},
		"a filter by value alone":          {listing, tag, formDrop("Tag.1.Key"), nil, 400, "MissingParam.TagKey"},
		"a token of nobody":                {listing, tag, form("NextToken", "%%%"), nil, 400, "InvalidParameter.NextToken"},
		"no new resource group":            {"MoveResourceGroup", map[string]string{"ResourceType": "certificate", "ResourceId": id}, nil, nil, 400, "MissingParameter"},
		"a move of nothing":                {"MoveResourceGroup", map[string]string{"ResourceType": "certificate", "ResourceId": "1_2_3_-4", "NewResourceGroupId": "rg-x"}, nil, nil, 404, "InvalidResourceId.NotFound"},
		"a rename to nothing":              {"SetServerCertificateName", byID, nil, nil, 400, "MissingParameter"},
		"a rename to a bad name":           {"SetServerCertificateName", byID, form("ServerCertificateName", "-x"), nil, 400, "InvalidParameter"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := newExchange(c.action, c.form)
			apply(e, c.edit)
			e.sign()
			apply(e, c.damage)
			bench := *b
			bench.t = t
			if err := bench.send(e); err != nil {
				t.Fatal(err)
			}
			if e.status != c.status || e.document["Code"] != c.code {
				t.Errorf("got %d %s, want %d %s", e.status, e.body, c.status, c.code)
			}
			for _, member := range []string{"RequestId", "HostId", "Message", "Recommend"} {
				if text, ok := e.document[member].(string); !ok || text == "" {
					t.Errorf("the error document has no %s: %s", member, e.body)
				}
			}
		})
	}
}

func apply(e *exchange, edit func(*exchange)) {
	if edit != nil {
		edit(e)
	}
}

func drop(name string) func(*exchange) { return func(e *exchange) { e.query.Del(name) } }

func query(name, value string) func(*exchange) { return func(e *exchange) { e.query.Set(name, value) } }

func form(namesAndValues ...string) func(*exchange) {
	return func(e *exchange) {
		for i := 0; i < len(namesAndValues); i += 2 {
			e.form.Set(namesAndValues[i], namesAndValues[i+1])
		}
	}
}

func formDrop(names ...string) func(*exchange) {
	return func(e *exchange) {
		for _, name := range names {
			e.form.Del(name)
		}
	}
}

// numbered gives count parameters with different values.
func numbered(pattern string, count int) []string {
	var pairs []string
	for n := 1; n <= count; n++ {
		name := strings.Replace(pattern, "%d", strconv.Itoa(n), 1)
		pairs = append(pairs, name, "x"+strconv.Itoa(n))
	}
	return pairs
}
