package credentials

import (
	"strings"
	"testing"
)

const secret = "kT9xQ2mZ7vB4nC1sD8fG5hJ3lP6wR0"

func TestTheEnvironmentNamesExactlyOneSource(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		env   map[string]string
		name  string
		wants []string // of an error: what it names
	}{
		"an access key":              {map[string]string{envKeyID: "id", envKeySecret: secret}, "environment access key", nil},
		"an access key with blanks":  {map[string]string{envKeyID: " id\n", envKeySecret: secret, envSession: "  "}, "environment access key", nil},
		"a temporary key":            {map[string]string{envKeyID: "id", envKeySecret: secret, envSession: "t"}, "environment access key with STS token", nil},
		"RRSA":                       {map[string]string{envRoleARN: "arn", envOIDCProvider: "p", envOIDCToken: "f"}, "RRSA (OIDC)", nil},
		"an ECS role":                {map[string]string{envECSRole: "node"}, "ECS RAM role node", nil},
		"nothing":                    {nil, "", []string{envKeyID, envKeySecret, envRoleARN, envECSRole}},
		"a key without secret":       {map[string]string{envKeyID: "id"}, "", []string{envKeyID, envKeySecret}},
		"a token alone":              {map[string]string{envSession: secret}, "", []string{envSession, envKeyID, envKeySecret}},
		"half of RRSA":               {map[string]string{envRoleARN: "arn", envOIDCToken: "f"}, "", []string{envRoleARN, envOIDCProvider}},
		"a key and RRSA":             {map[string]string{envKeyID: "id", envKeySecret: secret, envRoleARN: "arn", envOIDCProvider: "p", envOIDCToken: "f"}, "", []string{envKeyID, envRoleARN}},
		"a key and a role to assume": {map[string]string{envKeyID: "id", envKeySecret: secret, envRoleARN: "arn"}, "", []string{envKeyID, envRoleARN}},
		"an ECS role and a key":      {map[string]string{envECSRole: "node", envKeyID: "id", envKeySecret: secret}, "", []string{envKeyID, envECSRole}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			provider, name, err := FromEnv(func(key string) string { return c.env[key] }, &STS{})
			if name != c.name || (err != nil) != (c.wants != nil) || (provider != nil) != (err == nil) {
				t.Fatalf("got %q, %v", name, err)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
					t.Errorf("%q lacks %s, or holds the secret", err, want)
				}
			}
		})
	}
}

func TestASecretNamesItsKeys(t *testing.T) {
	t.Parallel()
	const arn = "acs:ram::1000000000000001:role/clbcert"
	for sentence, c := range map[string]struct {
		data    map[string]string
		problem string // the key; "" for none
		message string
	}{
		"an access key":                 {map[string]string{keyAccessKeyID: "id\n", keyAccessKeySecret: " " + secret}, "", ""},
		"a temporary key":               {map[string]string{keyAccessKeyID: "id", keyAccessKeySecret: secret, keySecurityToken: "t"}, "", ""},
		"a role":                        {map[string]string{keyAccessKeyID: "id", keyAccessKeySecret: secret, keyRoleARN: arn, keySessionName: "s1", keyExternalID: "e"}, "", ""},
		"nothing":                       {nil, keyAccessKeyID, "missing"},
		"a blank secret":                {map[string]string{keyAccessKeyID: "id", keyAccessKeySecret: " \n"}, keyAccessKeySecret, "missing"},
		"another spelling":              {map[string]string{"accessKeyId": "id", keyAccessKeySecret: secret}, keyAccessKeyID, "rename accessKeyId"},
		"a role without keys":           {map[string]string{keyRoleARN: arn}, keyAccessKeyID, "missing"},
		"a session name without a role": {map[string]string{keyAccessKeyID: "id", keyAccessKeySecret: secret, keySessionName: "s1"}, keyRoleARN, "missing"},
		"a role that is none":           {map[string]string{keyAccessKeyID: "id", keyAccessKeySecret: secret, keyRoleARN: secret}, keyRoleARN, "acs:ram::"},
		"a session name that is none":   {map[string]string{keyAccessKeyID: "id", keyAccessKeySecret: secret, keyRoleARN: arn, keySessionName: "a b"}, keySessionName, "2-64"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			data := map[string][]byte{}
			for key, value := range c.data {
				data[key] = []byte(value)
			}
			provider, problem := FromSecret(data, &STS{})
			if c.problem == "" {
				if problem != nil || provider == nil {
					t.Errorf("got %+v", problem)
				}
				return
			}
			if problem == nil || problem.Key != c.problem || !strings.Contains(problem.Message, c.message) || strings.Contains(problem.Message, secret) {
				t.Errorf("got %+v", problem)
			}
		})
	}
}

func TestASecretsValuesAreTrimmed(t *testing.T) {
	t.Parallel()
	provider, problem := FromSecret(map[string][]byte{keyAccessKeyID: []byte(" id\r\n"), keyAccessKeySecret: []byte("\tsecret\n")}, &STS{})
	if problem != nil {
		t.Fatal(problem.Message)
	}
	value, err := provider.Credentials(t.Context())
	if err != nil || value.AccessKeyID != "id" || value.AccessKeySecret != "secret" {
		t.Errorf("got %q, %q, %v", value.AccessKeyID, value.AccessKeySecret, err)
	}
}
