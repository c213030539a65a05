package clb

import (
	"encoding/json"
	"fmt"
	"testing"
)

// A list of a region's certificates has no pages: a thousand of them make 800 KB.
func BenchmarkDecodeList(b *testing.B) {
	var rows []map[string]any
	for i := range 1000 {
		rows = append(rows, map[string]any{
			"ServerCertificateId": fmt.Sprintf("1321932713_17f1b4b696b_1114720822_-%d", i), "ServerCertificateName": fmt.Sprint("shop-web-", i),
			"Fingerprint": "04:11:39:ae:f5:77:6f:be:b7:0d:ef:93:e8:40:3b:a2:fb:f0:a1:f1", "CommonName": "a.example.com",
			"SubjectAlternativeNames": map[string]any{"SubjectAlternativeName": []string{"a.example.com", "b.example.com"}},
			"RegionId":                region, "ResourceGroupId": "rg-acfmxazb4ph6aiy", "CreateTime": "2026-02-21T02:49:05Z", "CreateTimeStamp": 1645411745000,
			"ExpireTime": "2026-05-21T02:49:05Z", "ExpireTimeStamp": 1653101345000,
			"Tags": map[string]any{"Tag": []map[string]string{
				{"TagKey": "clbcert.dev/cluster", "TagValue": "c1"}, {"TagKey": "clbcert.dev/object", "TagValue": fmt.Sprint("shop/web-", i)},
				{"TagKey": "clbcert.dev/digest", "TagValue": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
			}},
		})
	}
	body, err := json.Marshal(map[string]any{"RequestId": "R", "ServerCertificates": map[string]any{"ServerCertificate": rows}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		var answer listDocument
		if err := decode(actionList, body, &answer); err != nil {
			b.Fatal(err)
		}
		if list, ok := answer.certificates(region); !ok || len(list) != 1000 {
			b.Fatal("the list is lost")
		}
	}
}
