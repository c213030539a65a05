package plugin

import (
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/clbcert/clbcert/test/env"
)

// seenCalls is the variable with how many of the cloud's calls "writes" has told of.
const seenCalls = "SEEN_CALLS"

// listWrites is "writes": it writes to the file writes what the cloud was asked to change since the
// script's last "writes", in order: the action, and what it is about.
func listWrites(ts *testscript.TestScript, _ bool, _ []string) {
	s := of(ts)
	calls := s.cloud.Calls(s)
	seen, _ := strconv.Atoi(ts.Getenv(seenCalls)) // unset at first
	var lines strings.Builder
	for _, call := range calls[seen:] {
		if strings.HasPrefix(call.Action, "Describe") || call.Action == "GetCallerIdentity" || call.Action == "ListTagResources" {
			continue
		}
		lines.WriteString(call.Action)
		for _, name := range []string{"LoadBalancerId", "ListenerPort", "Domain", "ServerCertificateName", "ServerCertificateId"} {
			if value := call.Parameters[name]; value != "" {
				lines.WriteString(" " + value)
			}
		}
		lines.WriteString("\n")
	}
	ts.Setenv(seenCalls, strconv.Itoa(len(calls)))
	ts.Check(os.WriteFile(ts.MkAbs("writes"), []byte(lines.String()), 0o600))
}

// removeByHand is "remove FILE": somebody deletes in the cloud the certificate whose ID the file holds.
func removeByHand(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	s.console.DeleteCertificate(s, strings.TrimSpace(ts.ReadFile(args[0])))
}

// openAccount is "account KEY SECRET": an access key of another account than the others', in
// variables.
func openAccount(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	key := env.SimulatedAccessKey{ID: "LTAI5tOther", Secret: "other-secret", Account: "2000000000000002"}
	s.cloud.PutAccessKey(s, key)
	ts.Setenv(args[0], key.ID)
	ts.Setenv(args[1], key.Secret)
}
