# Renkou (人口). `make help` lists the commands. Everything is written below this folder.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON := .venv/bin/python
STAMP := .venv/.installed
PACKAGES := libs/common services/registry-api services/migrant-api services/reporting-worker deploy/local partner-kit
MANIFESTS := $(addsuffix /pyproject.toml,$(PACKAGES))
WORKERS ?= logical
KILLS ?= 40
TIMES ?= 3
SEED ?= 1
DISTRICTS ?= 340103
FIGURE_COPIES ?= 1
HUB_DISTRICTS ?= 3000
MESSAGES ?= 1000000
CASES ?= $(if $(QUICK),100000,2000000)

INTEROP := tests/interop/node_modules/.package-lock.json
EXAMPLE := partner-kit/example-node/node_modules/.package-lock.json
CONFORMANCE := $(PYTHON) -m renkou_partner.conformance

.PHONY: help install demo up down figure-examples test interop conformance endurance degradation matrix lint types imports bench bench-hub chaos simulation overload soak fuzz compose-test audit sbom verifier lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.uv/bin/uv:
	python3.13 -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

ifeq ($(UV),.uv/bin/uv)
UV_READY := .uv/bin/uv
endif

$(STAMP): requirements.lock requirements-dev.lock $(MANIFESTS) | $(UV_READY)
	test -x $(PYTHON) || $(UV) venv --quiet --python 3.13 .venv
	$(UV) pip install --quiet --python $(PYTHON) --require-hashes -r requirements.lock -r requirements-dev.lock
	$(UV) pip install --quiet --python $(PYTHON) --no-deps --no-build-isolation $(addprefix -e ./,$(PACKAGES))
	touch $@

install: $(STAMP) ## make the virtual environment (.venv) from the lock files

demo: $(STAMP) ## a hub and two districts, the whole journey; ONCE=1 ends after it (FIGURE_COPIES=1)
	$(PYTHON) -m tests.e2e.demo $(if $(ONCE),--once) --figure-copies $(FIGURE_COPIES)

up: $(STAMP) ## one node on embedded servers, data kept in .local/up (DISTRICTS=340103 FIGURE_COPIES=1)
	$(PYTHON) -m renkou_local up --districts $(DISTRICTS) --data .local/up --figure-copies $(FIGURE_COPIES)

down: $(STAMP) ## stop what `make up` started
	$(PYTHON) -m renkou_local down --data .local/up

figure-examples: $(STAMP) ## docs/figures: an example of every form that figures come in
	$(PYTHON) -m renkou_reporting.outputs.examples docs/figures

lint: $(STAMP) ## ruff
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: $(STAMP) ## mypy, strict, over everything
	.venv/bin/mypy $(addsuffix /src,$(PACKAGES)) libs/common/tests deploy/local/tests partner-kit/tests tests conftest.py
	for each in $(filter services/%,$(PACKAGES)); do MYPYPATH=$$each .venv/bin/mypy $$each/tests || exit 1; done # each has a tests.conftest

imports: $(STAMP) ## the architecture as import contracts
	.venv/bin/lint-imports

$(INTEROP) $(EXAMPLE): %/node_modules/.package-lock.json: %/package-lock.json $(STAMP)
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix $* ci --ignore-scripts --silent
	touch $@

interop: $(INTEROP) ## other implementations: of the certificate, both ways, without a network; an OpenID provider to sign in by
	.venv/bin/pytest -q tests/interop services/registry-api/tests/api/test_sign_in_by_provider.py

conformance: $(STAMP) $(EXAMPLE) ## a partner in another language and a real node against the suite; QUICK=1 leaves the restart out
	.venv/bin/node --test partner-kit/example-node/vectors.test.mjs
	$(CONFORMANCE) --driver ".venv/bin/node partner-kit/example-node/driver.mjs" --out build/conformance/example-node
	$(CONFORMANCE) --driver "$(PYTHON) -m tests.conformance.driver" --out build/conformance/node --patience 30 \
	  $(if $(QUICK),--only IN NO BAD OUT DIG ALL-hub-lost ALL-genuine)

test: lint types imports $(INTEROP) ## everything that must hold: lint, types, import rules, all tests but those of `make endurance` and `make degradation`; WORKERS=n processes
	.venv/bin/pytest -n $(WORKERS) --maxprocesses 8 -m "not endurance and not degradation"

matrix: $(STAMP) ## who may do what: every cell of docs/rights-matrix.md, also what is refused alike in every area
	MATRIX=full .venv/bin/pytest tests/matrix

endurance: $(STAMP) ## the long tests: kills, outages, loads, attackers, recomputations
	.venv/bin/pytest -n $(WORKERS) --maxprocesses 8 -m endurance

degradation: $(STAMP) ## each row of docs/degradation.md on real servers: parts that are away, full, slow or out of memory
	.venv/bin/pytest -n0 -v -m "degradation or endurance" tests/degradation

verifier: $(STAMP) ## build/renkou-verify.pyz: verifies evidence and message logs without a node
	mkdir -p build
	$(PYTHON) -m renkou_migrant.message_log.standalone build/renkou-verify.pyz

bench: $(STAMP) ## each hot path against its limit; QUICK=1 ONLY="person read,relay" PEOPLE=250000,1000000 KEEP=dir BASE=rev; build/bench.json
	$(PYTHON) -m tests.bench$(if $(BASE),.compare $(BASE) --) $(if $(QUICK),--quick) $(if $(ONLY),--only "$(ONLY)") \
	  $(if $(PEOPLE),--people $(PEOPLE)) $(if $(KEEP),--keep $(KEEP))

bench-hub: $(STAMP) ## one hub under simulated districts; HUB_DISTRICTS=3000 MESSAGES=1000000; writes build/bench-hub.json
	$(PYTHON) -m tests.bench.hub --districts $(HUB_DISTRICTS) --messages $(MESSAGES)

chaos: $(STAMP) ## KILLS=n SEED=s: faults under load; writes build/chaos.json
	$(PYTHON) -m tests.chaos --kills $(KILLS) --seed $(SEED)

overload: $(STAMP) ## TIMES=3 SECONDS=30: more than a node can serve, and how it is afterwards; writes build/overload.json
	$(PYTHON) -m tests.overload --times $(TIMES) --seconds $(or $(SECONDS),30)

soak: $(STAMP) ## SECONDS=3600, QUICK=1 for ten minutes: ordinary work, and whether anything grows; writes build/soak.json
	$(PYTHON) -m tests.soak --seconds $(or $(SECONDS),$(if $(QUICK),600,3600))

simulation: $(STAMP) ## SCHEDULES=100000 SEED=1: exchange, outbox and consumer in memory under faults; writes build/simulation.json
	SCHEDULES=$(or $(SCHEDULES),100000) SEED=$(SEED) $(PYTHON) -m tests.simulation

fuzz: $(STAMP) ## made-up requests to every operation; QUICK=1 or CASES=2000000, SEED=1, RESUME=1; writes build/fuzz.json
	$(PYTHON) -m tests.fuzz --cases $(CASES) --seed $(SEED) $(if $(RESUME),--resume)

compose-test: $(STAMP) ## build the images and run the journey against docker-compose.yml
	$(PYTHON) -m tests.e2e.compose

audit: $(STAMP) ## whether a weakness is known of any pinned dependency; says NOT AUDITED where nobody answers (STRICT=1)
	$(PYTHON) -m renkou_local.audit_dependencies $(if $(STRICT),--strict)

sbom: $(STAMP) ## build/sbom-*.json: all that the product is made of, as CycloneDX
	$(PYTHON) -m renkou_local.bill_of_materials build

lock: | $(UV_READY) ## refresh the pinned versions
	$(UV) pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-annotate \
	  --no-emit-package renkou-common $(filter-out deploy/local/% partner-kit/%,$(MANIFESTS)) -o requirements.lock
	$(UV) pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --no-annotate \
	  --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove what was built and the local data
	rm -rf build .local .venv .uv
