# Every target sets up all it needs. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PORT ?= 8080
WORKERS ?= 1
STAGE ?=
PARAMS ?=
NAME ?=
DIR ?=
SMALL ?=
FILE ?=
OUT ?=
TESTS ?= tests
MINUTES ?= 60
RECORDS ?= 100000
SCALE ?= 1
BEFORE ?=
BASE ?=
URL ?=
IMAGE ?=
ONLY ?=
ARGS ?=
VENV := .venv
CHECKOV := .gas/checkov
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check

RUN_PINS := requirements.txt infra/requirements.txt infra/worker/requirements.txt infra/constraints.txt
TEST_PINS := $(RUN_PINS) tests/requirements.txt


.PHONY: help run demo reference test quick hooks test-repeated mutants golden corpora oracles fuzz invariants fleet bench-genome lint checkov package deploy smoke browser clean clean-all

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- the environment -------------------------------------------------------------------------------------------
$(VENV)/bin/pip:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
	  echo "error: Python 3.11 is needed, and '$(PYTHON)' is not it. Install python3.11 and python3.11-venv," \
	       "or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: Python's venv module is missing. On Debian: apt-get install python3.11-venv" >&2; exit 1; }
	@echo "  making $(VENV)"
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/run.stamp: $(VENV)/bin/pip $(RUN_PINS)
	@echo "  installing what runs the service into $(VENV)"
	@$(PIP) install --quiet -c infra/constraints.txt -r infra/requirements.txt
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp $(TEST_PINS)
	@echo "  installing what tests it into $(VENV)"
	@$(PIP) install --quiet -c infra/constraints.txt -r tests/requirements.txt
	@touch $@

# ---- on this machine -------------------------------------------------------------------------------------------
run: $(VENV)/run.stamp ## The whole service on this machine until Ctrl-C [PORT=8080] [WORKERS=1]
	@exec $(PY) -m infra run --port $(PORT) --workers $(WORKERS)

demo: $(VENV)/run.stamp ## Annotates a file from sign-in to download: FILE=x.vcf OUT=directory
	@test -n "$(FILE)" && test -n "$(OUT)" || { echo "usage: make demo FILE=x.vcf OUT=directory" >&2; exit 1; }
	@exec $(PY) -m infra demo "$(FILE)" "$(OUT)"

reference: $(VENV)/run.stamp ## A genome for the site that runs here: NAME=GRCh38 [SMALL=1], or DIR=bundle
	@test -n "$(NAME)$(DIR)" || { echo "usage: make reference NAME=GRCh38 [SMALL=1], or DIR=bundle" >&2; exit 1; }
	@exec $(PY) -m infra add-reference $(if $(DIR),--dir "$(DIR)") $(if $(NAME),"$(NAME)") $(if $(filter-out 0,$(SMALL)),--small) $(ARGS)

# ---- quality ---------------------------------------------------------------------------------------------------
browser: ## Chromium for the browser tests, where it can be installed
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && { \
	  echo "  installing chromium"; apt-get -qq update; \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y chromium >/dev/null; }; } || \
	  echo "WARNING: THE BROWSER TESTS ARE LEFT OUT: there is no chromium. On Debian: apt-get install chromium" >&2

test: $(VENV)/test.stamp browser ## Every test [TESTS=tests/unit]
	@$(PY) -m infra package
	@$(PY) -m pytest --numprocesses 2 $(TESTS)

quick: $(VENV)/test.stamp ## The unit tests of the packages that differ from BASE=HEAD
	@$(PY) -m tests.changed $(BASE)

hooks: $(VENV)/test.stamp ## Linters before each commit, the quick tests before each push
	@$(VENV)/bin/pre-commit install --hook-type pre-commit --hook-type pre-push

test-repeated: $(VENV)/test.stamp ## The integration tests, with every write to AWS carried out twice
	@$(PY) -m pytest --numprocesses 2 --repeat-writes tests/integration

mutants: $(VENV)/test.stamp ## Breaks the code on purpose, one line at a time: a test must notice each [ONLY=name]
	@$(PY) -m tests.mutants $(if $(ONLY),--only "$(ONLY)")

golden: $(VENV)/test.stamp ## Compares what the engine writes with the sums that were recorded
	@$(PY) -m tests.golden

corpora: $(VENV)/test.stamp ## Files of public packages through the engine; needs a network [ONLY=package]
	@$(PY) -m tests.corpora $(if $(ONLY),--only "$(ONLY)")

oracles: $(VENV)/test.stamp ## Compares the engine with other programs, writes docs/agreement.md [ARGS="--fasta ... --gff ..."]
	@test -x .gas/oracles/bin/vepyr || { echo "  installing vepyr into .gas/oracles"; "$(PYTHON)" -m venv .gas/oracles && \
	  .gas/oracles/bin/pip install --quiet --disable-pip-version-check vepyr==0.10.0; } || \
	  echo "WARNING: VEPYR IS LEFT OUT: it cannot be installed here" >&2
	@$(PY) -m tests.oracles --write $(ARGS)

fuzz: $(VENV)/test.stamp ## Files that grammars write, valid or with one fault, through the engine [MINUTES=60] [ONLY=VCF]
	@$(PY) -m tests.fuzz --minutes "$(MINUTES)" $(if $(ONLY),--only "$(ONLY)")

invariants: $(VENV)/test.stamp ## What must hold for any variant, with RECORDS=100000 random ones for each test
	@GAS_INVARIANT_RECORDS="$(RECORDS)" $(PY) -m pytest --numprocesses 2 tests/invariants

fleet: $(VENV)/test.stamp ## How long jobs wait and what annotators cost, simulated from infra/worker.yaml [BEFORE=commit]
	@$(PY) -m tests.simulation $(if $(BEFORE),--before "$(BEFORE)")

bench-genome: $(VENV)/test.stamp ## Measures a made-up genome of human size, writes docs/performance.md [SCALE=1/10]
	@$(PY) -m tests.performance.bench_genome --scale "$(SCALE)"

lint: $(VENV)/test.stamp ## Style, types, imports, templates
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo --no-cache
	@$(PY) -m infra package
	@$(VENV)/bin/cfn-lint -r us-east-1 eu-central-1 eu-south-1 us-gov-west-1 cn-north-1 -- infra/worker.yaml out/package/sam.yaml
	@$(VENV)/bin/cfn-lint infra/edge.yaml infra/pipeline.yaml
	@cd frontend && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm run --silent check

$(CHECKOV)/bin/checkov:
	@echo "  installing checkov into $(CHECKOV)"
	@"$(PYTHON)" -m venv $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check checkov==3.3.30

checkov: $(VENV)/run.stamp $(CHECKOV)/bin/checkov ## Checks the templates for what makes them unsafe; exceptions in infra/checkov.yaml
	@$(PY) -m infra checkov

# ---- on AWS ----------------------------------------------------------------------------------------------------
package: $(VENV)/run.stamp ## The deployment artifact, in out/package
	@$(PY) -m infra package

deploy: $(VENV)/run.stamp ## To AWS: STAGE=prod [PARAMS=file] [IMAGE=address] (docs/operations.md)
	@test -n "$(STAGE)" || { echo "usage: make deploy STAGE=prod [PARAMS=file] [IMAGE=address]" >&2; exit 1; }
	@$(PY) -m infra package
	@exec $(PY) -m infra deploy --stage "$(STAGE)" $(if $(PARAMS),--parameters "$(PARAMS)") $(if $(IMAGE),--image "$(IMAGE)")

smoke: $(VENV)/run.stamp ## Does a deployed site work? URL=https://... (GAS_SESSION: docs/operations.md)
	@test -n "$(URL)" || { echo "usage: make smoke URL=https://..." >&2; exit 1; }
	@exec $(PY) -m infra smoke "$(URL)"

# ---- away with it ----------------------------------------------------------------------------------------------
clean: ## Removes what was built
	@rm -rf out frontend/node_modules chalicelib/web/static/dist .chalice/deployments .pytest_cache .mypy_cache \
	  .ruff_cache .hypothesis test-artifacts

clean-all: clean ## Removes the environment and everything the local stack keeps, too
	@rm -rf $(VENV) .gas
