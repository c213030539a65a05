package main

import "github.com/clbcert/clbcert/hack/mutants/overlay"

// mutant is the product without one of its safeguards, and the test that must see it.
type mutant struct {
	// without says what is taken away.
	without string
	edit    overlay.Edit
	// pack is the test's package, test its name; a subtest's behind a slash.
	pack, test string
	// program says that the test runs the manager as a process.
	program bool
}

// The tests that are named more than once.
const (
	plan  = "./internal/plan"
	model = "TestWhateverFailsTheCloudEndsUpRight"
	wire  = "./internal/clb/wire"
	cloud = "./internal/clb"

	plugin = "./internal/plugin"
)

// mutants are all of them, in the order of a certificate's life.
func mutants() []mutant {
	return append(uploads(), append(deletions(), append(bindings(), secrets()...)...)...)
}

// uploads are about exactly one upload for a digest and object.
func uploads() []mutant {
	return []mutant{
		{without: "the intent before an upload", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/next.go", Old: "return RecordIntent{Digest: s.Wanted.Digest}",
			New: "return Upload{Name: s.certificateName(), Tags: s.wantedTags(), Deadline: s.Now.Add(s.UploadTimeout)}",
		}},
		{without: "the intent's way to the API server", pack: "./test/controller", test: "TestAKilledManagersUploadIsFound/once_the_certificate_is_there", program: true, edit: overlay.Edit{
			File: "controllers/act.go", Old: "outcome.Object, err = r.apply(context.WithoutCancel(ctx), s.Object, plan.Snapshot(plan.After(s, step, outcome)))",
			New: "",
		}},
		{without: "the finalizer before the intent", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/next.go", Old: "if !s.HasFinalizer {\n\t\treturn AddFinalizer{}\n\t}\n\treturn RecordIntent",
			New: "return RecordIntent",
		}},
		{without: "the deadline check as the last act", pack: wire, test: "TestTheDeadlineIsCheckedLast", edit: overlay.Edit{
			File: "internal/clb/wire/gate.go", Old: "case first && g.isLate():", New: "case false:",
		}},
		{without: "the deadline check before the headers", pack: wire, test: "TestNoHeaderArrivesAfterTheDeadline", edit: overlay.Edit{
			File: "internal/clb/wire/gate.go", Old: "if g.isLate() {\n\t\treturn false", New: "if false {\n\t\treturn false",
		}},
		{without: "the fresh list before an upload", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/next.go", Old: "func (s State) obtain() Step {\n\tif since := s.Now.Add(-s.Window); !s.looked(since) {",
			New: "func (s State) obtain() Step {\n\tif since := s.Now.Add(-s.Window); false {",
		}},
		{without: "the second list that proves an absence", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/absence.go", Old: "case newest.Sub(oldest) >= s.Window:", New: "case newest.Sub(oldest) >= 0:",
		}},
		{without: "the fingerprint check of an answer", pack: cloud, test: "TestOddAnswersToAnUpload", edit: overlay.Edit{
			File: "internal/clb/upload.go", Old: `case u.Fingerprint == "" || SameFingerprint(u.Fingerprint, certificate.Fingerprint):`, New: "case true:",
		}},
		{without: "the fingerprint check of what is ours", pack: plan, test: "TestThePathToACertificate", edit: overlay.Edit{
			File: "internal/plan/state.go", Old: `return digest == d && fingerprint != "" && !sameFingerprint(fingerprint, c.Fingerprint)`,
			New: "return false && digest == d+fingerprint",
		}},
		{without: "the check of the account", pack: plan, test: "TestWhatCostsNoCall", edit: overlay.Edit{
			File: "internal/plan/obstacles.go", Old: `recorded.AccountID != "" && s.AccountID != "" && recorded.AccountID != s.AccountID`, New: "false",
		}},
	}
}

// deletions are about deleting nothing of others, and leaving nothing behind.
func deletions() []mutant {
	return []mutant{
		{without: "the tag check before a deletion", pack: plan, test: "TestSupersededCertificatesAreTidiedUp", edit: overlay.Edit{
			File: "internal/plan/tidy.go", Old: "case !s.Ours(certificate):", New: "case false:",
		}},
		{without: "the tag check before a last deletion", pack: plan, test: "TestATerminatingObjectLetsGo", edit: overlay.Edit{
			File: "internal/plan/release.go", Old: "case !s.Ours(c) || slices.Contains(s.Tried, c.ID):", New: "case slices.Contains(s.Tried, c.ID):",
		}},
		{without: "the check of what is served yet", pack: plan, test: "TestACertificateInUseIsSpared", edit: overlay.Edit{
			File: "internal/plan/tidy.go", Old: `case served != "":`, New: "case false:",
		}},
		{without: "the record before a deletion", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/tidy.go", Old: "case id == s.Recorded.CertificateID:", New: "case false:",
		}},
		{without: "the wait for an upload that is out", pack: plan, test: "TestATerminatingObjectLetsGo", edit: overlay.Edit{
			File: "internal/plan/release.go", Old: "if leaving := s.leaving(); !leaving.IsZero() {", New: "if leaving := s.leaving(); false {",
		}},
		{without: "the confirm before a write", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/keep.go", Old: "if !s.Fresh {", New: "if false {",
		}},
		{without: "the check who uses an orphan", pack: plugin, test: "TestOrphans", edit: overlay.Edit{
			File: "internal/plugin/orphans_judge.go", Old: "case len(o.UsedBy) > 0:", New: "case false:",
		}},
		{without: "the look whose an orphan was", pack: plugin, test: "TestOrphans", edit: overlay.Edit{
			File: "internal/plugin/orphans_judge.go", Old: "if tagged && cluster != h.clusterID {", New: "if tagged && cluster == \"\" {",
		}},
		{without: "the claim of objects on orphans", pack: plugin, test: "TestOrphans", edit: overlay.Edit{
			File: "internal/plugin/orphans_judge.go", Old: "case !is, claimed.has(c, tagged):", New: "case !is, claimed.ids.Has(\"-\"):",
		}},
		{without: "the second look before an orphan is deleted", pack: plugin, test: "TestWhatWasToBeDeletedIsJudgedAnew", edit: overlay.Edit{
			File: "internal/plugin/orphans_fate.go", Old: "case i >= 0 && j.orphans[i].keptFor(untagged) != \"\":", New: "case false:",
		}},
		{without: "the plan that acts on nothing", pack: "./controllers", test: "TestStepsThatWriteReachNobody", edit: overlay.Edit{
			File: "controllers/preview.go", Old: "case plan.Confirm:", New: "case plan.Confirm, plan.AddFinalizer, plan.Record:",
		}},
	}
}

// bindings are about who may bind what, and what is served.
func bindings() []mutant {
	return []mutant{
		{without: "the binding policy", pack: plan, test: "TestWhoMayBind", edit: overlay.Edit{
			File: "internal/plan/judge.go", Old: "if s.mayBind(sight, port) {", New: "if true || s.mayBind(sight, port) {",
		}},
		{without: "the whole name in the policy's tag", pack: plan, test: "TestWhoMayBind", edit: overlay.Edit{
			File: "internal/plan/sight.go", Old: `allowed == "*" || allowed == namespace`, New: `allowed == "*" || strings.HasPrefix(namespace, allowed)`,
		}},
		{without: "the claim of the older", pack: plan, test: "TestTheOlderKeepsATarget", edit: overlay.Edit{
			File: "internal/plan/sight.go", Old: "if s.holds(b, sight, r) {\n\t\t\treturn &sight.Rivals[i]", New: "if false {\n\t\t\treturn &sight.Rivals[i]",
		}},
		{without: "the check for another cluster's", pack: plan, test: "TestADefaultCertificateIsJudged", edit: overlay.Edit{
			File: "internal/plan/judge.go", Old: `if cluster := l.Clusters[served]; cluster != "" && cluster != s.ClusterID {`, New: `if cluster := l.Clusters[served]; false {`,
		}},
		{without: "the read-back", pack: plan, test: "TestAWholePass", edit: overlay.Edit{
			File: "internal/plan/serve.go", Old: "if wants := s.unverified(bindings); len(wants) > 0 {", New: "if wants := s.unverified(bindings); false {",
		}},
		{without: "the look before a listener is written", pack: plan, test: "TestAWholePass", edit: overlay.Edit{
			File: "internal/plan/serve.go", Old: "case !written && sight.Began.Before(s.Now):", New: "case false:",
		}},
		{without: "the check of whose an extension is", pack: plan, test: model, edit: overlay.Edit{
			File: "internal/plan/judge_listener.go", Old: "case !s.entry(b).OwnsExtension:", New: "case false:",
		}},
	}
}

// secrets are about keys that nobody sees.
func secrets() []mutant {
	return []mutant{
		{without: "the key's place in the body", pack: cloud, test: "TestTheKeyTravelsInTheBodyAlone", edit: overlay.Edit{
			File: "internal/clb/upload.go", Old: `set("PrivateKey", string(u.PrivateKeyPEM))`, New: "r.PrivateKey = string(u.PrivateKeyPEM)",
		}},
		{without: "the hiding of a string to sign", pack: "./internal/clberr", test: "TestARefusedSignatureQuotesNothing", edit: overlay.Edit{
			File: "internal/clberr/scrub.go", Old: "case codeSignatureMismatch, codeIncompleteSignature:", New: `case "none":`,
		}},
		{without: "the search for keys in messages", pack: "./internal/clberr", test: "TestMessagesLoseWhatMayBeSecret", edit: overlay.Edit{
			File: "internal/clberr/scrub.go", Old: "if isSecretLike(run) {", New: "if false {",
		}},
		{without: "https alone", pack: wire, test: "TestWhatNeverLeavesIsNotSent", edit: overlay.Edit{
			File: "internal/clb/wire/exchange.go", Old: `case req.URL.Scheme != "https":`, New: "case false:",
		}},
		{without: "the recovery from the SDK's panics", pack: cloud, test: "TestAPanicIsATransientErrorWithoutItsText", edit: overlay.Edit{
			File: "internal/clb/call.go", Old: "if recover() != nil {", New: "if false {",
		}},
	}
}
