// Package plugin runs "kubectl clbcert" as people do, by kubectl, against a real API server, the
// manager and the simulator: each file of testdata is a script with what it prints.
package plugin

import (
	"os"
	"testing"

	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) {
	log.SetLogger(klog.Background()) // else the tests' own client complains
	os.Exit(env.Run(m))
}

func TestScripts(t *testing.T) {
	cluster := env.Shared(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(e *testscript.Env) error { return setStage(cluster, e) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"manager": runManager, "user": actAs, "secret": putSecret, "balancer": makeLoadBalancer, "listener": makeListener,
			"upload": uploadByHand, "ready": awaitReady, "apply": apply, "waitfor": awaitText, "ccm": runCCM, "count": count, "terminal": runOnTerminal, "plain": makePlain, "fault": setFaults,
			"settled": awaitSettled,
			"writes":  listWrites, "remove": removeByHand, "account": openAccount,
			"serve": serve, "local": makeLocalBalancer, "stranger": makeStranger, "service": makeService, "renewed": awaitRenewal,
			"aged": age, "asked": awaitQuestion, "answer": giveAnswer,
		},
	})
}
