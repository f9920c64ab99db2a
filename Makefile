# Everything a developer does here. Needs Go and make; `make test` fetches the rest.
export CGO_ENABLED = 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_BUILD = go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the programs into bin/
	$(GO_BUILD) -o bin/ ./cmd/...

.PHONY: run
run: build ## start the system and send a week of real orders through it
	./bin/orderly demo

.PHONY: test
test: setup ## install what the tests need, then run them all
	go test -shuffle=on ./...

.PHONY: race
race: setup ## run the tests under the race detector
	CGO_ENABLED=1 go test -race -shuffle=on ./...

.PHONY: setup
setup: ## install what the tests need, if it is missing
	@./scripts/setup

.PHONY: lint
lint: ## formatting, vet and staticcheck
	@./scripts/lint

.PHONY: generate
generate: ## make the generated files anew
	go generate ./...

.PHONY: fuzz
fuzz: ## fuzz every decoder for a while (FUZZTIME=30s each)
	@./scripts/fuzz $(or $(FUZZTIME),30s)

.PHONY: bench
bench: build ## measure the system; prints each figure with its command
	go run ./test/bench $(BENCH)

.PHONY: verify
verify: ## audit a running system (ORDERLY_URL, default http://127.0.0.1:8080)
	go run ./cmd/orderly verify

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
