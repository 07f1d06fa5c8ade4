# make demo, make test: the two commands. Everything else is built from pyproject.toml into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-pyproject

.PHONY: demo test bench lint schemas clean
.DEFAULT_GOAL := test

demo: $(STAMP)
	@$(BIN)/sessionframes demo

test: $(STAMP)
	$(BIN)/python -m pytest

bench: $(STAMP)
	$(BIN)/python -m tests.bench

lint: $(STAMP)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

schemas: $(STAMP)
	$(BIN)/python -m sessionframes.printouts

# The stamp comes last, so that an interrupted installation is never taken for a finished one.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
