# The commands of everyday work; CONTRIBUTING.md explains them. CI runs .ci/run.

FUZZTIME ?= 1m

.PHONY: build check test race lint docs bench bench-peers fuzz release-files release-snapshot mutants
TOOLS = go -C .ci/tools build -o $(CURDIR)/bin/

build:
	CGO_ENABLED=0 go build -trimpath -o bin/phscript ./cmd/phscript

# check is what a change has to pass, apart from what needs root. Suites skip what
# is not installed here; .ci/run lists the packages.
check:
	.ci/check

test:
	go test ./...

race:
	go test -race ./...

lint:
	$(TOOLS) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	bin/golangci-lint run ./...

# docs rewrites what is generated: the client's services, the reference, and the
# generated parts of the guides.
docs:
	go generate ./...
	go test ./runtime/internal/documents -update

bench:
	go test ./tests/bench ./runtime/internal/repl/complete -run '^$$' -bench . -skip Peers -benchtime 1x -timeout 60m -v

# bench-peers does the same work with phscript and with what people use today, and
# installs the latter. It needs root for that.
bench-peers:
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq lua5.1 luajit lua-cjson python3 python3-requests >/dev/null
	go test ./tests/bench -run '^$$' -bench Peers -benchtime 1x -timeout 60m -v

# fuzz tries random inputs, on each target for FUZZTIME: make fuzz FUZZTIME=10m. What
# fails is written to the package's testdata/fuzz, and is then part of its tests.
fuzz:
	@for target in $$(grep -roE '^func Fuzz[A-Za-z]+' --include='*_test.go' . | sed 's/func //'); do \
		package=$$(dirname $${target%%:*}); name=$${target##*:}; \
		echo "$$package $$name"; \
		go test $$package -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x -parallel 1 -timeout 0 || exit 1; \
	done

# mutants shows whether a package's own tests notice small mistakes in its code:
# make mutants PKG=planhat SAMPLE=40 SEED=7
mutants:
	.ci/mutants $(PKG) $(or $(SAMPLE),40) $(SEED)

# release-files makes what a release contains beside the binaries.
release-files: build
	rm -rf bin/release && mkdir -p bin/release/completions
	$(TOOLS) ./notices
	$(TOOLS) github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	bin/notices -o bin/release/THIRD_PARTY_NOTICES ./cmd/phscript
	bin/phscript man bin/release/man >/dev/null
	for shell in bash zsh fish powershell; do bin/phscript completion $$shell >bin/release/completions/phscript.$$shell || exit 1; done

# release-snapshot builds all archives, packages and manifests into dist, and
# publishes nothing. Images and signatures need Docker and an identity, which a
# release has.
release-snapshot:
	go -C .ci/goreleaser build -o $(CURDIR)/bin/goreleaser github.com/goreleaser/goreleaser/v2
	bin/goreleaser release --snapshot --clean --skip=docker,sign
