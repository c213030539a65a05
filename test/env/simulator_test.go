package env_test

import (
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

func TestSimulatorKeepsItsAddressOverACrash(t *testing.T) {
	t.Parallel()
	simulator := env.StartSimulator(t, "--quota", "3")
	url := simulator.URL
	simulator.SetFaults(t, "UploadServerCertificate=timeout:0.5")
	simulator.PutAccessKey(t, env.SimulatedAccessKey{ID: "LTAI5tOther", Secret: "other", Account: "1000000000000002"})

	simulator.Kill(t)
	simulator.Start(t)

	if simulator.URL != url {
		t.Errorf("the address is %s, was %s", simulator.URL, url)
	}
	if got := simulator.Certificates(t); len(got) != 0 {
		t.Errorf("it holds %v, want nothing", got)
	}
	if got := simulator.Calls(t); len(got) != 0 {
		t.Errorf("its log of calls is %v, want none", got)
	}
}
