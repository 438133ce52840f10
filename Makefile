# The commands of this repository. `make run` and `make test` are complete on a fresh Debian or Ubuntu machine.

PYTHON ?= python3
NODE_MODULES := web/node_modules
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path 'web/src/api/*.d.ts' -prune -o -type f -print)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Processes take tests from different parts of one list, one more than a small machine has processors: tests wait
# a lot. `make test SIDE_BY_SIDE=` runs them one by one.
SIDE_BY_SIDE ?= --numprocesses 3 --dist worksteal

# What each purpose needs from the distribution. Engines say which packages they are of.
ENGINE_PACKAGES := $(shell sed -n '/^    packages = (/{:more;/)$$/!{N;b more};p}' src/switchroom/engines/*/engine.py | grep -o '"[^"]*"' | tr -d '"')
RUN_PACKAGES := $(ENGINE_PACKAGES) espeak-ng python3-venv
TEST_PACKAGES := $(RUN_PACKAGES) chromium chromium-headless-shell firefox-esr postgresql curl sip-tester baresip-core
BENCH_PACKAGES := $(TEST_PACKAGES) wrk

.PHONY: run test quick check bench fuzz soak clean setup setup-dev web docs format lock help

help: ## What there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: setup ## Install what is missing and start the platform with a demo organization
	.venv/bin/switchroom up --demo $(ARGS)

test: setup-dev ## Install what is missing and run every test
	cd web && npm run --silent test
	.venv/bin/pytest $(SIDE_BY_SIDE) $(ARGS)

quick: setup-dev ## Run the tests for every day: on SQLite, without browsers, media and worker processes
	cd web && npm run --silent test
	.venv/bin/pytest $(SIDE_BY_SIDE) -m "not (browser or janus or kamailio or rtpengine or postgresql or slow)" $(ARGS)

check: .make/python-dev $(NODE_MODULES)/.installed ## Format, lint, strict types, import rules
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/pyright
	.venv/bin/lint-imports
	.venv/bin/python -m switchroom.platform.configuration_page | diff -u docs/configuration.md - || (echo "docs/configuration.md is old: run make docs"; exit 1)
	.venv/bin/python -m switchroom.platform.api_document client | diff -u web/openapi.json - || (echo "web/openapi.json is old: run make docs"; exit 1)
	.venv/bin/python -m switchroom.platform.api_document alfaview | diff -u web/alfaview.json - || (echo "web/alfaview.json is old: run make docs"; exit 1)
	.venv/bin/python -m switchroom.events.documentation docs/events.md --check
	.venv/bin/python -m switchroom.telephony.documentation docs/telephony.md --check
	cd web && npm run --silent check

bench: .make/bench-packages .make/sippy setup-dev ## Measure speed and memory into benchmarks/results/
	.venv/bin/python -m benchmarks $(ARGS)

fuzz: setup-dev ## Attack the platform for ten minutes with what no client should send
	.venv/bin/python -m fuzz $(ARGS)

soak: setup-dev ## Make SIP calls of every kind for an hour, and count what is left of them
	.venv/bin/python -m fuzz.soak $(ARGS)

format: .make/python-dev $(NODE_MODULES)/.installed ## Put all code into its form
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	cd web && npm run --silent format

docs: .make/python-dev ## Generate the pages that are made from code, and the documents of the APIs that the pages use
	.venv/bin/python -m switchroom.platform.configuration_page > docs/configuration.md
	.venv/bin/python -m switchroom.platform.api_document client > web/openapi.json
	.venv/bin/python -m switchroom.platform.api_document alfaview > web/alfaview.json
	.venv/bin/python -m switchroom.events.documentation docs/events.md
	.venv/bin/python -m switchroom.telephony.documentation docs/telephony.md

lock: .make/python-dev ## Choose the newest allowed versions of the dependencies
	.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade --quiet -o requirements.lock
	.venv/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade --quiet -o requirements-dev.lock
	.venv/bin/uv pip compile benchmarks/sippy.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade --quiet -o benchmarks/sippy.lock

clean: ## Remove everything that was installed or built here, but not the data in var/
	rm -rf .venv .make $(NODE_MODULES) src/switchroom/webroot src/switchroom/telephony/prompts/sounds .pytest_cache .ruff_cache .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: .make/run-packages .make/python .make/bytecode .make/prompts web
setup-dev: .make/test-packages .make/python-dev .make/bytecode .make/prompts web

web: src/switchroom/webroot/index.html ## Build the browser side

.make/run-packages: Makefile
	@sh deploy/install-packages.sh $(RUN_PACKAGES)
	@mkdir -p .make && touch $@

.make/test-packages: Makefile
	@sh deploy/install-packages.sh $(TEST_PACKAGES)
	@mkdir -p .make && touch $@ .make/run-packages

.make/bench-packages: Makefile
	@sh deploy/install-packages.sh $(BENCH_PACKAGES)
	@mkdir -p .make && touch $@ .make/test-packages .make/run-packages

# What telephone calls are measured beside has an environment of its own.
.make/sippy: benchmarks/sippy.lock | .venv/bin/python
	@mkdir -p .make
	$(PYTHON) -m venv .make/sippy-environment
	.make/sippy-environment/bin/pip install --disable-pip-version-check --quiet --require-hashes -r benchmarks/sippy.lock
	@touch $@

.venv/bin/python: | .make/run-packages
	@echo "==> Making the Python environment .venv"
	$(PYTHON) -m venv .venv

.make/python: requirements.lock pyproject.toml | .venv/bin/python
	@echo "==> Installing the Python packages that the platform needs"
	@[ -e .make/python-dev ] || .venv/bin/pip install --disable-pip-version-check --require-hashes --progress-bar on -r requirements.lock
	.venv/bin/pip install --disable-pip-version-check --quiet --no-deps --editable .
	@mkdir -p .make && touch $@

.make/python-dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo "==> Installing the Python packages for development"
	.venv/bin/pip install --disable-pip-version-check --require-hashes --progress-bar on -r requirements-dev.lock
	.venv/bin/pip install --disable-pip-version-check --quiet --no-deps --editable .
	@mkdir -p .make && touch $@ .make/python

# Starting takes seconds longer without bytecode, and some environments keep Python from writing it.
.make/bytecode: $(shell find src -name '*.py') | .make/python
	@.venv/bin/python -m compileall -q src
	@touch $@

.make/prompts: $(wildcard src/switchroom/telephony/prompts/*.py) | .make/run-packages .make/python
	@echo "==> Making the prompts of telephony"
	@.venv/bin/python -m switchroom.telephony.prompts.make
	@touch $@

$(NODE_MODULES)/.installed: web/package-lock.json
	@echo "==> Installing the packages of the browser side"
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

src/switchroom/webroot/index.html: $(NODE_MODULES)/.installed $(WEB_SOURCES)
	@echo "==> Building the browser side"
	cd web && npm run --silent build
	@touch $@
