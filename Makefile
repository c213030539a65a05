# Everything here runs from a fresh clone with Go, make and git.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo playground build test fuzz mutants chaos bench lint generate verify-generated install-yaml controlplane clean
.PHONY: licenses sbom reproducible vulncheck image release e2e monitoring-tools demo-cert-manager

IMAGE   ?= ghcr.io/clbcert/clbcert:latest
VERSION ?= $(patsubst v%,%,$(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null))
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null)
DATE    := $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
STAMP   := github.com/clbcert/clbcert/internal/version
LDFLAGS := -s -w -X $(STAMP).version=$(VERSION) -X $(STAMP).commit=$(COMMIT) -X $(STAMP).date=$(DATE)

# Tools run from modules of their own, so that they stay out of the product's go.mod.
TOOL         := go tool -modfile=hack/tools/go.mod
GOLANGCI     := go tool -modfile=$(CURDIR)/hack/tools/lint/go.mod golangci-lint
CONTROLPLANE := go build -C hack/controlplane -o $(CURDIR)/.bin/controlplane . && .bin/controlplane
DEMO         := go build -o .bin/demo ./hack/demo && .bin/demo
# These are built first: "go tool" would build them for the GOARCH that they are to look at.
SUPPLY       := CGO_ENABLED=0 go build -trimpath -modfile=hack/tools/supply/go.mod -o .bin/ tool
# What tests and the demo find their programs by.
PROGRAMS      = export CLBCERT_BIN=$(CURDIR)/bin; KUBEBUILDER_ASSETS="$$($(CONTROLPLANE))"; export KUBEBUILDER_ASSETS
GENERATED    := api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/role.yaml docs/api.md charts/clbcert/files
# Modules of their own. Those of E2E take programs and libraries of other projects, which the first run compiles.
MODULES      := hack/controlplane test/sdks test/plugin
E2E          := hack/pebble test/e2e test/chart test/kstatus test/monitoring test/image test/release

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## the main job on a real API server: upload, renew, show the new ID
	@$(PROGRAMS); $(DEMO)

playground: build ## the same, left running for you to try things; ends on Ctrl-C
	@$(PROGRAMS); $(DEMO) --playground

demo-cert-manager: build ## the demo with cert-manager's own controllers, which issue and renew; builds them at the first run
	go build -C hack/certmanager -o $(CURDIR)/.bin/certmanager .
	@$(PROGRAMS); $(DEMO) --cert-manager .bin/certmanager

PACKAGES ?= ./cmd/...
build: ## the programs, into bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ $(PACKAGES)

test: build ## every test, on a real API server
	@race=; if [ "$$(go env CGO_ENABLED)" = 1 ]; then race=-race; \
	else echo 'no C compiler, or CGO_ENABLED=0: the tests run without the race detector' >&2; fi; \
	$(PROGRAMS); \
	for module in $(MODULES); do go test -C "$$module" -count=1 $$race ./...; done; \
	go test -count=1 $$race -timeout 20m -parallel 8 ./...

e2e: build monitoring-tools ## cert-manager, Helm, Prometheus, kstatus, the image's commands and a release, each in a module of its own
	@$(PROGRAMS); for module in $(E2E); do go test -C "$$module" -count=1 -parallel 4 -timeout 60m ./...; done

monitoring-tools: ## promtool, Prometheus and Alertmanager, into .bin/, for test/monitoring
	@hack/tools/monitoring/build .bin

FUZZTIME ?= 60s
fuzz: ## every fuzz test, each for FUZZTIME=60s
	@for file in $$(git grep --untracked -l '^func Fuzz' -- '*_test.go'); do \
	for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(.*/\1/p' "$$file"); do echo "$$target ($$file)"; \
	go test "./$${file%/*}" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x; done; done

mutants: ## without each safeguard, by go build -overlay, the named test fails; 3 minutes
	@$(PROGRAMS); unset CLBCERT_BIN; go run ./hack/mutants

DURATION ?= 5m
SEED     ?= $(shell echo $$RANDOM)
chaos: build ## two managers under 200 kills and 2,000 faults, for DURATION=5m; SEED=… plays a day again
	@$(PROGRAMS); go test -count=1 -v -timeout 30m ./test/chaos -run 'BadDay$$' -duration $(DURATION) -seed $(SEED)

BENCH ?= .
SIZES ?=
bench: build ## speed, memory and calls, into bench-results/; BENCH=Sync and SIZES=200,1000 choose; all takes 15 minutes
	@$(PROGRAMS); go test ./test/bench -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 60m \
	-sizes '$(SIZES)' -results $(CURDIR)/bench-results -commit '$(COMMIT)'

lint: ## the linters, on every module; no comment in the code may silence one
	@if git grep -n --untracked 'nolint' -- '*.go'; then echo 'exempt it in .golangci.yml, with the reason' >&2; exit 1; fi
	$(GOLANGCI) run --allow-parallel-runners ./...
	for module in $(MODULES) $(E2E) hack/certmanager hack/tools/helm; do (cd "$$module" && GOWORK=off $(GOLANGCI) run --allow-parallel-runners ./...); done

generate: ## deepcopy, CRD, RBAC role and docs/api.md, from the Go types and markers
	$(TOOL) controller-gen object paths=./api/...
	$(TOOL) controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=clbcert-manager paths=./controllers/... output:rbac:dir=config/rbac
	go tool -modfile=hack/tools/docs/go.mod crd-ref-docs --log-level ERROR --renderer markdown --source-path api \
	--config hack/tools/docs/config.yaml --templates-dir hack/tools/docs/templates --output-path docs/api.md
	cp config/crd/bases/*.yaml config/rbac/role.yaml config/prometheus/prometheus_rule.yaml config/prometheus/dashboard.json charts/clbcert/files/
	for policy in namespaces regions certificates; do cp "config/admission/$$policy/policy.yaml" "charts/clbcert/files/admission-$$policy.yaml"; done

verify-generated: generate ## fail when a generated file or go.mod is stale
	@stale="$$(git status --porcelain -- $(GENERATED))"; if [ -n "$$stale" ]; then \
	git --no-pager diff -- $(GENERATED); echo "$$stale"; echo 'stale: run "make generate" and commit the result' >&2; exit 1; fi
	go mod tidy -diff

ARCHES   ?= amd64 arm64
LICENSES := Apache-2.0,MIT,BSD-2-Clause,BSD-3-Clause,ISC
NOTICE   := github.com/jmespath/go-jmespath
# It takes for Go's own, and passes, what is below GOROOT: without one, everything.
GOLICENSES := GOROOT="$$(go env GOROOT)" GOOS=linux CGO_ENABLED=0 .bin/go-licenses check --ignore $(NOTICE)
licenses: ## fail when something that is linked into a program has no licence of the Makefile's list
	@$(SUPPLY)
	@! found="$$($(GOLICENSES) --allowed_licenses=none ./cmd/... 2>&1)" && grep -q "'Apache-2.0' found for library 'sigs.k8s.io/controller-runtime'" <<<"$$found" || \
	{ echo "go-licenses doesn't see what is linked: $$found" >&2; exit 1; }
	@for arch in $(ARCHES); do found="$$(GOARCH=$$arch $(GOLICENSES) --allowed_licenses=$(LICENSES) ./cmd/... 2>&1)" || \
	{ grep -v '^W\|^/' <<<"$$found" >&2; exit 1; }; done # without the warnings of assembly
	@# The tool knows licences by their text, and this one's LICENSE only names it.
	@grep -q 'Licensed under the Apache License, Version 2.0' "$$(go list -f '{{.Module.Dir}}' $(NOTICE))/LICENSE" || \
	{ echo "$(NOTICE): its LICENSE doesn't name Apache-2.0 any more" >&2; exit 1; }
	@echo 'all that is linked has one of $(LICENSES)'

sbom: ## dist/*.cdx.json: what each program is made of, in CycloneDX; the same bytes for the same commit
	@$(SUPPLY)
	@mkdir -p dist; rm -f dist/*.cdx.json
	@for program in cmd/*; do for arch in $(ARCHES); do file="dist/$${program#cmd/}-linux-$$arch.cdx.json"; echo "$$file"; \
	GOOS=linux GOARCH=$$arch CGO_ENABLED=0 .bin/cyclonedx-gomod app -json -noserial -notimestamp -std -main "$$program" -output "$$file" .; done; done

reproducible: ## build the commit at two paths with fresh caches, and compare byte by byte; ARCHES=amd64 for one of them
	@ARCHES='$(ARCHES)' hack/reproducible

vulncheck: ## known vulnerabilities that the programs reach; VULNDB=… is another database than Go's own
	@$(SUPPLY)
	@.bin/govulncheck $(if $(VULNDB),-db '$(VULNDB)') ./cmd/... || { code=$$?; [ $$code = 3 ] || \
	echo 'no verdict: the database of vulnerabilities is needed, by the network or as a copy: VULNDB=file:///…' >&2; exit $$code; }

install-yaml: ## dist/install.yaml: CRD, RBAC and Deployment in one file; IMAGE=… names the image
	@mkdir -p dist
	$(TOOL) kustomize build config/default | sed 's|image: ghcr.io/clbcert/clbcert:latest|image: $(IMAGE)|' > dist/install.yaml

image: ## the image for amd64 and arm64, by docker buildx, pushed as IMAGE=…
	docker buildx build --platform linux/amd64,linux/arm64 --build-arg VERSION='$(VERSION)' --build-arg COMMIT='$(COMMIT)' \
	--build-arg DATE='$(DATE)' --tag '$(IMAGE)' --push .

release: ## dist/: programs, chart, manifests, SBOMs and checksums of the commit; VERSION=0.1.0
	@go run ./hack/release -version '$(VERSION)' $(if $(filter-out file,$(origin IMAGE)),-image '$(IMAGE)')

controlplane: ## print the folder with kube-apiserver, etcd and kubectl, built when needed
	@$(CONTROLPLANE)

clean: ## remove what was built; the control plane's cache stays
	rm -rf bin .bin dist
