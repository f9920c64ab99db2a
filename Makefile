# Everything a developer does here. Needs Go and make; `make test` fetches the rest.
export CGO_ENABLED = 0
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_BUILD = go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the programs into bin/
	$(GO_BUILD) -o bin/ ./cmd/...

.PHONY: run
run: build ## start the system and send a week of real orders through it
	./bin/orderly demo

.PHONY: cluster
cluster: setup build ## the same on a test cluster: 3 NATS servers, PostgreSQL, 2 replicas of each service (CLUSTER="flags")
	go build -trimpath -ldflags "-s -w" -o bin/ github.com/nats-io/nats-server/v2
	./bin/orderly cluster --demo $(CLUSTER)

.PHONY: test
test: setup ## install what the tests need, then run them all
	go test -shuffle=on ./...

.PHONY: race
race: setup ## run the tests under the race detector
	CGO_ENABLED=1 go test -race -shuffle=on ./...

.PHONY: test-faults
test-faults: setup ## break a cluster under load in every way (SEED=N repeats a plan, ONLY=wipe selects, RUNS=20, PARALLEL=4)
	ORDERLY_FAULTS=all $(if $(SEED),ORDERLY_FAULT_SEED=$(SEED)) \
		go test ./test/fault -count=$(or $(RUNS),1) -parallel $(or $(PARALLEL),2) -v -timeout 4h -run 'TestFaults$(if $(ONLY),/$(ONLY))'

.PHONY: test-upgrade
test-upgrade: setup ## roll a cluster under load from an older build to this one, and back (OLD=revision; default the newest tag)
	@./scripts/test-upgrade $(OLD)

.PHONY: images
images: ## build an image for each program, and check sizes and reproducibility
	@./scripts/images $(VERSION)

.PHONY: up
up: ## start the production shape in containers: builds, makes secrets, waits until all is healthy
	@./scripts/secrets
	docker compose up --build --detach --wait

.PHONY: down
down: ## remove what up started, volumes too
	docker compose -f compose.yaml -f compose.observability.yaml --profile shop --profile tools down --volumes --remove-orphans

.PHONY: test-compose
test-compose: ## break the containers of compose.yaml under load, and audit the books (needs Docker; STAND_INS=1 without a registry)
	$(if $(STAND_INS),@./test/images/make)
	ORDERLY_COMPOSE=all go test ./test/compose -count=1 -v -timeout 30m

.PHONY: test-kubernetes
test-kubernetes: ## decode the manifests as the API's own types, and compare them with the programs
	cd test/kubernetes && go test ./...

.PHONY: setup
setup: ## install what the tests need, if it is missing
	@./scripts/setup

.PHONY: lint
lint: ## formatting, vet and staticcheck
	@./scripts/lint

.PHONY: vulncheck
vulncheck: ## look for known vulnerabilities in what the programs call (needs the vulnerability database)
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

.PHONY: licenses
licenses: ## list the licences of what the programs link, and refuse what binds those who pass it on
	@# modernc.org/mathutil has the BSD-3-Clause licence in other lines than the tool knows.
	@go run github.com/google/go-licenses@v1.6.0 check ./cmd/... --ignore orderly --ignore modernc.org/mathutil --disallowed_types=forbidden,restricted,unknown

.PHONY: release-check
release-check: ## check the configuration of releases
	go run github.com/goreleaser/goreleaser/v2@v2.17.0 check

.PHONY: generate
generate: ## make the generated files anew
	go generate ./...

.PHONY: fuzz
fuzz: ## fuzz every decoder for a while (FUZZTIME=30s each)
	@./scripts/fuzz $(or $(FUZZTIME),30s)

.PHONY: bench
bench: build ## measure the system; prints each figure with its command
	go run ./test/bench $(BENCH)

.PHONY: bench-system
bench-system: setup ## compare it with the floor and the alternatives: one table (QUICK=1 for a look, PEERS="…", BENCH="flags")
	@cd test/bench/peers && go build -o ../../../bin/bench-system ./cmd/compare && \
		exec ../../../bin/bench-system $(if $(QUICK),-quick) $(if $(PEERS),-peers "$(PEERS)") $(BENCH)

.PHONY: verify
verify: ## audit a running system (ORDERLY_URL, default http://127.0.0.1:8080)
	go run ./cmd/orderly verify

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
