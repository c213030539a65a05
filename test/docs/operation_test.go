package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// operation is what the CLB API reference (2014-05-15) documents of UploadServerCertificate,
// by the page's headings.
var operation = map[string][]string{
	"## Request parameters": {
		"RegionId", "ServerCertificate", "PrivateKey", "ServerCertificateName", "ResourceGroupId", "Tag.N.Key", "Tag.N.Value",
		"AliCloudCertificateId", "AliCloudCertificateName", "AliCloudCertificateRegionId",
	},
	"## Response elements": {
		"ServerCertificateId", "ServerCertificateName", "RegionId", "ResourceGroupId", "RequestId", "Fingerprint", "CommonName",
		"SubjectAlternativeNames.SubjectAlternativeName", "CreateTime", "CreateTimeStamp", "ExpireTime", "ExpireTimeStamp",
		"IsAliCloudCertificate", "AliCloudCertificateId", "AliCloudCertificateName",
	},
	"## Error codes": {
		"IllegalParam.ServerCertificate", "InvalidParameter", "ServerCertificate.NotSupport", "InvalidParameter.AliCloudCertificateId",
		"OperationDenied.IllegalKeyLength", "InvalidParam.TagValue", "InvalidParam.TagKey", "SizeLimitExceeded.Tag", "MissingParam.TagKey",
		"EccCertificateNotSupport", "CertificateFormatInvalid", "UnauthorizedRegion",
	},
}

// testWithPart is a test that a page names, with or without the part of it that is meant.
var testWithPart = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)(?:/([^`]+))?`")

func TestEveryPartOfTheOperationHasARowAndATest(t *testing.T) {
	t.Parallel()
	files := testFiles(t)
	for heading, parts := range operation {
		rows := readPage(t, "docs/operation.md").section(t, heading).rows(t)
		for _, part := range parts {
			row, ok := rows[part]
			delete(rows, part)
			if !ok {
				t.Errorf("%s: no row of %s", heading, part)
			} else if !testWithPart.MatchString(row[len(row)-1]) {
				t.Errorf("%s: the row of %s names no test", heading, part)
			}
		}
		for part := range rows {
			t.Errorf("%s: a row of %s, which isn't documented", heading, part)
		}
	}
	for _, found := range testWithPart.FindAllStringSubmatch(readPage(t, "docs/operation.md").text, -1) {
		if !hasTest(files, found[1], found[2]) {
			t.Errorf("docs/operation.md names %s: there is none", found[0])
		}
	}
}

// hasTest tells whether a file has the test, and names the part in a string.
func hasTest(files []string, test, part string) bool {
	for _, text := range files {
		if strings.Contains(text, "\nfunc "+test+"(") && (part == "" || strings.Contains(text, strconv.Quote(part))) {
			return true
		}
	}
	return false
}

func TestATestThatIsNotThereIsMissed(t *testing.T) {
	t.Parallel()
	files := testFiles(t)
	for test, part := range map[string]string{"TestNoSuchThing": "", "TestEveryDocumentedCode": "NoSuchCode"} {
		if hasTest(files, test, part) {
			t.Errorf("%s/%s is said to be there", test, part)
		}
	}
	if !hasTest(files, "TestEveryDocumentedCode", "UnauthorizedRegion") {
		t.Error("TestEveryDocumentedCode/UnauthorizedRegion is said to be missing")
	}
}

// testFiles are the texts of all tests of the tree.
func testFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		files = append(files, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
