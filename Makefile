# Everything a checkout needs, each step done once. `make help` lists what there is.

SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/made
PIP_TOOLS := 7.6.2
SOAK_MINUTES ?= 60
WORKERS ?= 2
BENCH ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile
PIP_COMPILE := pip-compile --quiet $(if $(UPGRADE),--upgrade) --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
NO_PACKAGES = { echo "make: the packages of $(1) are missing; give pip a network, a proxy (HTTPS_PROXY) or a mirror \
(pip config), then run make again" >&2; exit 1; }

# pyspark's own idea of where Spark lies must not be overruled by an installation beside it.
unexport SPARK_HOME
# Packages come without bytecode: what is used is compiled once, not at every start of each Python worker.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test soak bench-features docs lock clean help setup setup-dev
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

demo: setup ## real transactions all the way to a risk table and a report, under demo/
	@$(BIN)/churn-spark demo

test: setup-dev ## style, types, import rules, all tests but the soak
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

soak: setup-dev ## random operations, the fault matrix with real kills, a cluster: what fits into SOAK_MINUTES (60)
	SOAK_MINUTES=$(SOAK_MINUTES) timeout --kill-after=60 $$(( $(SOAK_MINUTES) + 5 ))m $(BIN)/python -m pytest -m soak

bench-features: setup-dev ## the feature engine beside other ways; BENCH="--events 100000000" for the full run (20 M)
	$(BIN)/python -m benchmarks.features $(BENCH)

docs: setup-dev ## write the generated pages of docs/ anew
	$(BIN)/python docs/generate.py

setup: $(MADE)/package $(MADE)/java $(MADE)/jars ## the virtual environment with Java and Delta's jars

setup-dev: $(MADE)/dev setup

$(MADE)/build: requirements/build.lock
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || { echo "make: no Python 3.11 as \
$(PYTHON); install it (apt install python3.11 python3.11-venv, brew install python@3.11, pyenv install 3.11) or say \
where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "virtual environment"
	@$(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) has no venv module; install it (apt install \
python3.11-venv)" >&2; exit 1; }
	@$(PIP) --require-hashes -r $< || $(call NO_PACKAGES,$<)
	@mkdir -p $(@D) && touch $@

$(MADE)/run: requirements/run.lock $(MADE)/build
	@echo "packages, with Spark about 900 MB: some minutes the first time"
	@DIST_EXTRA_CONFIG=$(CURDIR)/requirements/build.cfg $(PIP) --no-build-isolation --require-hashes -r $< || \
		$(call NO_PACKAGES,$<)
	@touch $@

$(MADE)/dev: requirements/dev.lock $(MADE)/run
	@echo "packages for tests"
	@$(PIP) --no-build-isolation --require-hashes -r $< || $(call NO_PACKAGES,$<)
	@touch $@

$(MADE)/package: setup.py $(MADE)/run
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(MADE)/java: requirements/java.lock $(MADE)/run
	@$(BIN)/python -m churn_spark.java >/dev/null 2>&1 || { echo "no Java 17 or 21 here: bringing one" && \
		$(PIP) --require-hashes -r $<; } || $(call NO_PACKAGES,$<)
	@$(BIN)/python -m churn_spark.java >/dev/null
	@touch $@

$(MADE)/jars: churn_spark/jars.py $(MADE)/java
	@echo "Delta's jars"
	@$(BIN)/python -m churn_spark.jars >/dev/null
	@touch $@

lock: ## resolve requirements/*.in again; UPGRADE=1 takes newer versions
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/pip" install --quiet pip-tools==$(PIP_TOOLS); \
	cd requirements; for name in build run dev java; do \
		echo "$$name.lock"; "$$tools/bin/"$(PIP_COMPILE) --output-file $$name.lock $$name.in; done

clean: ## remove what the demo, tests and builds made; the virtual environment stays
	rm -rf demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf spark-warehouse metastore_db derby.log
	find churn_spark jobs tests -name __pycache__ -prune -exec rm -rf {} +

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do \
		printf 'make %-15s %s\n' "$$name" "$$text"; done
