# make demo, make test: the two commands. Everything else is built from pyproject.toml into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-pyproject

.PHONY: demo test nightly bench lint schemas clean
.DEFAULT_GOAL := test

demo: $(STAMP)
	@$(BIN)/sessionframes demo

test: $(STAMP)
	$(BIN)/python -m pytest

nightly: $(STAMP)
	$(BIN)/python -m pytest --hypothesis-profile=nightly --timeout=7200 tests/query/test_engines.py tests/query/test_laws.py

bench: $(STAMP)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.filters
	$(BIN)/python -m tests.bench.snapshots
	$(BIN)/python -m tests.bench.joins
	$(BIN)/python -m tests.bench.flatten
	$(BIN)/python -m tests.bench.brainstem
	$(BIN)/python -m tests.bench.aind
	$(BIN)/python -m tests.bench.alyx

lint: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

schemas: $(STAMP)
	$(BIN)/python -m sessionframes.printouts

# The stamp comes last, so that an interrupted installation is never taken for a finished one; of two runs at
# once, one installs and the other waits (where there is flock, as on every Linux).
LOCK := $(if $(shell command -v flock),flock $(VENV).lock)
$(STAMP): pyproject.toml
	@$(LOCK) sh -ec 'test $@ -nt $< && exit; \
	  echo "installing into $(VENV) ..."; \
	  $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"; \
	  touch $@'

clean:
	rm -rf $(VENV) $(VENV).lock build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
