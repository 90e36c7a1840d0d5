# The house tools. `make help` lists the targets; docs/contributing.md explains them.

GO       ?= go
FUZZTIME ?= 20s
BENCH    ?= .
ARCH     ?= amd64
# What `make spec` looks at, such as SPEC='-v -only RES' or SPEC=04-queries.md.
SPEC     ?=

# What the programs call themselves: the tag of this state of the source, if it
# has one, and the commit. Outside of a git clone there is neither.
VERSION := $(shell test -e .git && git describe --tags --exact-match --match='v*' 2>/dev/null || echo dev)
COMMIT  := $(shell test -e .git && git describe --always --exclude='*' --abbrev=12 --dirty 2>/dev/null || echo unknown)

# The tools of tools.mod are built from pinned versions, apart from what the
# programs depend on.
TOOL := $(GO) tool -modfile=tools/tools.mod

export GO TOOL FUZZTIME FUZZ

.PHONY: build dist deb run check test vuln bench fuzz soak spec conformance help testsum test-deps

build: ## put the programs into bin/
	CGO_ENABLED=0 $(GO) build -buildvcs=false -trimpath -ldflags '-X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o bin/ ./cmd/...

dist: ## archives of the programs for Linux, macOS and Windows, with checksums, in dist/
	$(GO) run ./packaging dist

deb: ## the Debian package, in dist/ (ARCH=amd64, or arm64)
	$(GO) run ./packaging deb -arch $(ARCH)

run: build ## start a complete server with sample contacts on http://127.0.0.1:8080
	bin/contactsd serve --demo

# No test result comes from the cache: what a test finds on the machine, such
# as a client to talk to, is not part of what go test compares.
test: testsum test-deps ## run every test
	SOAK=$${SOAK:-5m} bin/testsum -count=1 -timeout 2h ./...

check: testsum test-deps ## formatting, vet, static analysis, and the tests with -race
	tools/check.sh

vuln: ## look for known vulnerabilities (needs the public database)
	$(TOOL) govulncheck ./...

bench: ## run the benchmarks (BENCH=regexp)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

fuzz: ## run every fuzz target for FUZZTIME (20s)
	tools/fuzz.sh

soak: build ## mixed traffic, restarts and kills for SOAK (1h), against a model of every book
	$(GO) run ./soak -program bin/contactsd -time $${SOAK:-1h}

spec: ## list the requirements without code or without test (SPEC=arguments)
	$(GO) run ./docs/spec $(SPEC)

conformance: testsum test-deps ## third-party clients against a running server; a missing client is a failure
	CI=true bin/testsum -count=1 -timeout 2h ./conformance/...

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

testsum:
	@$(GO) build -buildvcs=false -o bin/testsum ./tools/testsum

test-deps:
	@tools/install-test-deps.sh
	@tools/install-node-clients.sh
