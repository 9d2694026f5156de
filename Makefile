# What people type. `make run` and `make test` are the only two a newcomer needs.

CARGO ?= cargo
DATA ?= data
BIN := $(or $(CARGO_TARGET_DIR),target)/debug/sanaq

FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 20261122

.PHONY: help run test privacy bench chaos loom fuzz lint build front-ends prepare-run prepare-test test-rust test-tracker test-web test-clients test-browser fmt

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: build ## install what is missing, build, start everything with a demo site
	@$(BIN) geo build --if-changed --data $(DATA)
	@exec $(BIN) serve --demo --data $(DATA)

test: prepare-test test-tracker test-web build test-rust test-clients test-browser ## every test there is

privacy: prepare-test build ## the privacy proofs in their long form: every address tried, the raw disk read (needs root for that)
	SANAQ_PRIVACY=long $(CARGO) test --locked -p collector --lib --test identity -- identity linking memory search
	SANAQ_PRIVACY=long $(CARGO) test --locked -p end-to-end --test it -- identity privacy proxies

lint: prepare-test ## formatting, clippy with warnings as errors, TypeScript, shell
	$(CARGO) fmt --all --check
	$(MAKE) front-ends
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	cd tracker-js && npm run --silent lint
	cd dashboards/web && npm run --silent lint
	bash -n deploy/prepare.sh .ci/run

build: prepare-run front-ends ## the binary, with both front ends inside
	$(CARGO) build --workspace --bins --locked

front-ends: tracker-js/dist/script.js dashboards/web/dist/index.html

# Built again only when a source is newer: a later start has nothing to do.
sources = $(shell find $(1) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/out/*')

tracker-js/dist/script.js: $(call sources,tracker-js/src tracker-js/build.mjs tracker-js/package-lock.json) | prepare-run
	cd tracker-js && npm run --silent build
	@touch $@

dashboards/web/dist/index.html: $(call sources,dashboards/web/src dashboards/web/scripts dashboards/web/index.html dashboards/web/vite.config.ts dashboards/web/package-lock.json) | prepare-run
	cd dashboards/web && npm run --silent build
	@touch $@

prepare-run:
	@deploy/prepare.sh run

prepare-test:
	@deploy/prepare.sh test

test-rust: ## Rust unit, integration and end-to-end tests
	$(CARGO) test --workspace --locked
	$(CARGO) test --locked -p collector --features loom --lib -- interleavings

loom: ## the journal's threads in every order with at most 6 preemptions (`make test`: 3): about a minute
	LOOM_MAX_PREEMPTIONS=6 $(CARGO) test --locked -p collector --features loom --lib -- interleavings

bench: front-ends ## what a beacon costs, against a bare hyper server: about 3 minutes, on an idle machine (BENCH=aggregate: dashboards and seals, about half an hour)
	$(CARGO) build --release --locked -p sanaq -p bench --bins
	$(or $(CARGO_TARGET_DIR),target)/release/bench $(BENCH)

chaos: front-ends ## what is promised while things break, about 35 minutes on an idle machine (CHAOS="kills outage", CHAOS="--seconds 10", CHAOS="--seed 7")
	$(CARGO) build --release --locked -p sanaq -p chaos --bins
	$(or $(CARGO_TARGET_DIR),target)/release/chaos $(CHAOS)
	SANAQ_CHAOS=long $(CARGO) test --locked -p collector --lib -- in_generated_runs --nocapture

fuzz: ## coverage-guided fuzzing, FUZZ_SECONDS for each target (needs cargo-fuzz and a C++ compiler)
	@fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ_SEED)

test-tracker: front-ends
	cd tracker-js && npm test --silent

test-web: front-ends
	cd dashboards/web && npm test --silent

test-clients: ## published clients of other tools against the real binary
	cd tests/clients && npm test --silent

test-browser: ## headless Chromium against the real binary
	@tests/browser/run.sh

fmt: ## format the Rust code
	$(CARGO) fmt --all
