package credentials

import (
	"fmt"
	"strings"
)

// The environment variables of Alibaba Cloud's tools that name credentials.
const (
	envKeyID        = "ALIBABA_CLOUD_ACCESS_KEY_ID"
	envKeySecret    = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"
	envSession      = "ALIBABA_CLOUD_SECURITY_TOKEN"
	envRoleARN      = "ALIBABA_CLOUD_ROLE_ARN"
	envOIDCProvider = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"
	envOIDCToken    = "ALIBABA_CLOUD_OIDC_TOKEN_FILE"
	envECSRole      = "ALIBABA_CLOUD_ECS_METADATA"
	envSessionName  = "ALIBABA_CLOUD_ROLE_SESSION_NAME"
)

// envSet is a way to name credentials: all of needs must be set.
type envSet struct {
	needs    []string
	optional []string
}

var (
	envKeys = envSet{needs: []string{envKeyID, envKeySecret}, optional: []string{envSession}}
	envRRSA = envSet{needs: []string{envRoleARN, envOIDCProvider, envOIDCToken}}
	envECS  = envSet{needs: []string{envECSRole}}
	envSets = []envSet{envKeys, envRRSA, envECS}
)

// FromEnv chooses the one provider that the environment names, and gives it a
// name for the log. None, more than one, or one with a variable missing is an
// error that names the variables: nothing is guessed.
func FromEnv(getenv func(string) string, sts *STS) (p Provider, name string, err error) {
	get := func(key string) string { return strings.TrimSpace(getenv(key)) }
	chosen, err := chooseEnv(get)
	if err != nil {
		return nil, "", err
	}
	switch chosen {
	case 0:
		return fromEnvKeys(get)
	case 1:
		role := Role{ARN: get(envRoleARN), SessionName: get(envSessionName)}
		return sts.OIDC(role, get(envOIDCProvider), get(envOIDCToken)), "RRSA (OIDC)", nil
	default:
		return ECSRole(get(envECSRole), MetadataURL), "ECS RAM role " + get(envECSRole), nil
	}
}

func fromEnvKeys(get func(string) string) (Provider, string, error) {
	name := "environment access key"
	if get(envSession) != "" {
		name += " with STS token"
	}
	return Static(get(envKeyID), get(envKeySecret), get(envSession)), name, nil
}

// chooseEnv is the index in envSets of the one that is named, and named whole.
func chooseEnv(get func(string) string) (int, error) {
	var begun []int
	var present, missing []string
	for i, set := range envSets {
		have, lack := set.look(get)
		if len(have) > 0 {
			begun = append(begun, i)
			present, missing = append(present, have...), append(missing, lack...)
		}
	}
	switch {
	case len(begun) == 0:
		return 0, fmt.Errorf("choosing credentials: set %s (or %s for RRSA, or %s for an ECS RAM role)",
			strings.Join(envKeys.needs, " and "), strings.Join(envRRSA.needs, ", "), envECSRole)
	case len(begun) > 1:
		return 0, fmt.Errorf("choosing credentials: %s set: keep the variables of one way only", verb(present))
	case len(missing) > 0:
		return 0, fmt.Errorf("choosing credentials: %s set, but not %s", verb(present), strings.Join(missing, ", "))
	default:
		return begun[0], nil
	}
}

// look tells which of the set's variables are there and which needed ones aren't.
func (s envSet) look(get func(string) string) (present, missing []string) {
	for _, key := range s.needs {
		if get(key) == "" {
			missing = append(missing, key)
		} else {
			present = append(present, key)
		}
	}
	for _, key := range s.optional {
		if get(key) != "" {
			present = append(present, key)
		}
	}
	return present, missing
}

func verb(keys []string) string {
	if len(keys) == 1 {
		return keys[0] + " is"
	}
	return strings.Join(keys, ", ") + " are"
}
