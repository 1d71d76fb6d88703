# Everything a checkout needs, each step done once. `make help` lists what there is.

SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
MADE := $(VENV)/made
PIP_TOOLS := 7.6.2
SOAK_MINUTES ?= 60
WORKERS ?= 2
SPARK ?= 4.1
BENCH ?=
PIP_INSTALL := python -m pip --disable-pip-version-check install --quiet --no-compile
PIP := $(BIN)/$(PIP_INSTALL)
SITE := import sysconfig; print(sysconfig.get_path('purelib'))
PIP_COMPILE := pip-compile --quiet $(if $(UPGRADE),--upgrade) --generate-hashes --allow-unsafe --strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
NO_PACKAGES = { echo "make: the packages of $(1) are missing; give pip a network, a proxy (HTTPS_PROXY) or a mirror \
(pip config), then run make again" >&2; exit 1; }

# pyspark's own idea of where Spark lies must not be overruled by an installation beside it.
unexport SPARK_HOME
# Packages come without bytecode: what is used is compiled once, not at every start of each Python worker.
unexport PYTHONDONTWRITEBYTECODE

# What another Spark could do differently: intake of every format, tiles to scores, the report, locks, and all that reaches
# into the JVM.
SPARK_TESTS := $(addprefix tests/,spark_internals runtime/test_sql_expressions.py settings/test_sql_failures.py \
	features/test_snapshot.py labels/test_rules.py models/test_registry.py tables/test_catalog.py \
	tables/test_damaged_log.py tables/test_job_locks.py tables/test_maintenance.py tables/test_two_processes.py \
	$(addprefix stages/test_,ingest_formats.py delta_sources.py build_tiles.py train_and_score.py report.py \
	report_file.py maintain.py generated_code.py))

.PHONY: demo test test-spark soak bench-features bench-quality bench-loop docs lock clean help setup setup-dev
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

demo: setup ## real transactions all the way to a risk table and a report, under demo/
	@$(BIN)/churn-spark demo

test: setup-dev ## style, types, import rules, all tests but the soak
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-spark: .venv-spark-$(SPARK)/made ## the tests that depend on Spark, with SPARK=4.0 or 4.1 in place of the locked one
	PYTHONPATH=$(CURDIR) $(<D)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(SPARK_TESTS)

# All packages are those of the environment of `make test` but Spark.
.venv-spark-%/made: requirements/spark-%.lock churn_spark/runtime/jars.py | setup-dev
	@echo "Spark $*, beside the packages of $(VENV)"
	@$(BIN)/python -m venv $(@D)
	@$(BIN)/python -c "$(SITE)" > $$($(@D)/bin/python -c "$(SITE)")/other_packages.pth
	@DIST_EXTRA_CONFIG=$(CURDIR)/requirements/build.cfg $(@D)/bin/$(PIP_INSTALL) --no-deps --no-build-isolation \
		--require-hashes -r $< || $(call NO_PACKAGES,$<)
	@PYTHONPATH=$(CURDIR) $(@D)/bin/python -m churn_spark.runtime.jars >/dev/null
	@touch $@

soak: setup-dev ## random operations, the fault matrix with real kills, a cluster: what fits into SOAK_MINUTES (60)
	SOAK_MINUTES=$(SOAK_MINUTES) timeout --kill-after=60 $$(( $(SOAK_MINUTES) + 5 ))m $(BIN)/python -m pytest -m soak

bench-features: setup-dev ## the feature engine beside other ways; BENCH="--events 100000000" for the full run (20 M)
	$(BIN)/python -m benchmarks.features $(BENCH)

bench-quality: $(MADE)/bench ## our families and other libraries on what `make demo` left; BENCH=--help lists what else
	$(BIN)/python -m benchmarks.quality $(BENCH)

bench-loop: setup-dev ## retraining and actions on simulated customers whose regime changes; BENCH=--help lists options
	$(BIN)/python -m benchmarks.loop $(BENCH)

docs: setup-dev ## write the generated pages of docs/ anew, build the site below build/site, check its links
	$(BIN)/python docs/generate.py
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky -d build/doctrees -c docs . build/site
	@echo "build/site/index.html"

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

$(MADE)/bench: requirements/bench.lock | setup-dev
	@echo "packages to compare with"
	@$(PIP) --require-hashes -r $< || $(call NO_PACKAGES,$<)
	@touch $@

$(MADE)/package: setup.py $(MADE)/run
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(MADE)/java: requirements/java.lock $(MADE)/run
	@$(BIN)/python -m churn_spark.runtime.java >/dev/null 2>&1 || { echo "no Java 17 or 21 here: bringing one" && \
		$(PIP) --require-hashes -r $<; } || $(call NO_PACKAGES,$<)
	@$(BIN)/python -m churn_spark.runtime.java >/dev/null
	@touch $@

$(MADE)/jars: churn_spark/runtime/jars.py $(MADE)/java
	@echo "Delta's jars"
	@$(BIN)/python -m churn_spark.runtime.jars >/dev/null
	@touch $@

lock: ## resolve requirements/*.in again; UPGRADE=1 takes newer versions
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/pip" install --quiet pip-tools==$(PIP_TOOLS); \
	cd requirements; for name in build run dev bench java; do \
		echo "$$name.lock"; "$$tools/bin/"$(PIP_COMPILE) --output-file $$name.lock $$name.in; done

clean: ## remove what the demo, tests and builds made; the virtual environment stays
	rm -rf demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf spark-warehouse metastore_db derby.log
	find churn_spark jobs tests -name __pycache__ -prune -exec rm -rf {} +

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name text; do \
		printf 'make %-15s %s\n' "$$name" "$$text"; done
