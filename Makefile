# The commands of everyday work. CI runs .ci/run.

.PHONY: build test race lint docs bench cross

build:
	CGO_ENABLED=0 go build -trimpath -o bin/phscript ./cmd/phscript

test:
	go test ./...

race:
	go test -race ./...

lint:
	go -C .ci/tools build -o $(CURDIR)/bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	bin/golangci-lint run ./...

# docs rewrites what is generated: the client's services and the reference.
docs:
	go generate ./...
	go test ./runtime/internal/documents -update

bench:
	go test ./runtime/internal/bench -run '^$$' -bench . -benchtime 1x -timeout 60m -v

cross:
	for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -o /dev/null ./cmd/phscript || exit 1; \
	done
