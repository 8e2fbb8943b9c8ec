# Every target sets up what it needs, so each works first on a fresh clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-all lint format bench clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Widerhall needs Python 3.11 or newer; set PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt hatch_build.py | $(BIN)/python
	@echo "Installing Widerhall …"
	$(PIP) install -e . -c constraints.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "Installing what tests and checks need …"
	$(PIP) install -e '.[dev]' -c constraints.txt
	@touch $@

setup: $(VENV)/.base ## Create .venv and install

demo: $(VENV)/.base ## Run everything with simulated platforms and a simulated Salesforce (DEMO="--fresh" starts over)
	@exec $(BIN)/widerhall demo $(DEMO)

up: $(VENV)/.base ## Run the hub on real accounts
	@exec $(BIN)/widerhall up

test: $(VENV)/.dev ## Run the tests
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(TESTS)

lint: $(VENV)/.dev ## Check style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Mend what can be mended by itself
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure (BENCH=name for one, JSON=FILE to write it)
	$(BIN)/python -m benchmarks $(BENCH) $(if $(JSON),--json $(JSON))

clean: ## Remove the environment and caches; data in var/ stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
