# make verify | test | check | bench | docs | serve: each sets up .venv first, from the pinned constraints.txt.
# PYTHON=python3.12 chooses another interpreter; ARGS="..." is passed on.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help verify test check bench docs serve clean
.DELETE_ON_ERROR:

help:
	@echo "make verify   check every claim of the ledger (ARGS='--topic discrete' and the like are passed on)"
	@echo "make test     run the tests (ARGS='-k conjugate')"
	@echo "make check    format, lint, types, doctests"
	@echo "make bench    measure speed and accuracy against other libraries"
	@echo "make docs     build the tutorial into site/, strictly"
	@echo "make serve    serve it at http://127.0.0.1:8000 while it is written"
	@echo "make clean    remove the environment and the caches"
	@echo "PYTHON=...    the interpreter to set up with, 3.11 to 3.13 (now: $(PYTHON))"

verify: $(VENV)/.base
	@$(BIN)/fenchel verify $(ARGS)

test: $(VENV)/.full
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup $(ARGS)

check: $(VENV)/.full
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest --doctest-modules divergences derivations models

bench: $(VENV)/.full
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/.docs
	@NO_MKDOCS_2_WARNING=1 OMP_NUM_THREADS=1 $(BIN)/python -m mkdocs build --strict --quiet $(ARGS)
	@echo "site/index.html is built"

serve: $(VENV)/.docs
	@NO_MKDOCS_2_WARNING=1 OMP_NUM_THREADS=1 $(BIN)/python -m mkdocs serve $(ARGS)

clean:
	rm -rf $(VENV) .cache build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment with pip; then the project with what `verify` needs; then everything else.
$(VENV)/.made:
	@command -v $(PYTHON) > /dev/null || { \
	  echo "Python 3.11 to 3.13 is needed, and '$(PYTHON)' was not found;" \
	       "name one, as in: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Python 3.11 to 3.13 is needed, and '$(PYTHON)' is $$($(PYTHON) -V 2>&1);" \
	       "name another, as in: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "'$(PYTHON) -m venv' failed; some systems ship it apart (package python3-venv)" >&2; exit 1; }
	@touch $@

$(VENV)/.base: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing the verifier"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.full: $(VENV)/.base
	@echo "installing the tests and the models (torch is large: minutes on a slow line)"
	@$(PIP) --editable '.[models,transport,cluster,test,dev]'
	@touch $@

# The chapters run code of the models too; KaTeX comes from npm, pinned in site_tools/package-lock.json.
$(VENV)/.docs: $(VENV)/.base site_tools/package-lock.json
	@echo "installing the tutorial's tools"
	@$(PIP) --editable '.[docs,models]'
	@$(BIN)/python -m site_tools.katex
	@touch $@
