# Two commands do everything: `make tour` and `make test`. Both make their own
# virtual environment first, from the pinned versions in requirements-lock.txt.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint requirements-lock.txt

.PHONY: help tour test check format docs bench compare lock wheel clean

help:
	@echo "make tour     run every level once and open the report"
	@echo "make test     style, types, import order, tests, documentation"
	@echo "make check    only style, types and import order"
	@echo "make format   let ruff format and mend what it can"
	@echo "make docs     build the documentation into docs/_build/html"
	@echo "make bench    measure this machine (rheobase bench)"
	@echo "make compare  the same networks beside other simulators"
	@echo "make lock     renew requirements-lock.txt"
	@echo "make wheel    build the wheel into dist/"

# What running needs: the core dependencies, pinned.
$(VENV)/.runtime: pyproject.toml requirements-lock.txt
	$(PYTHON) -c 'import sys; sys.exit("Rheobase needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) hatchling editables
	$(INSTALL) --no-build-isolation --editable .
	@touch $@

# What developing needs beside it.
$(VENV)/.develop: $(VENV)/.runtime
	$(INSTALL) --no-build-isolation --editable '.[test,docs,dev]'
	@touch $@

tour: $(VENV)/.runtime
	$(BIN)/rheobase tour --out tour-report

# Two processes, however many cores there are: what they compile they share. Names of tests must
# be the same in both, also of those that print a set: so one order of hashes.
test: check docs
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -q --numprocesses 2 --dist worksteal

check: $(VENV)/.develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/lengths.py

format: $(VENV)/.develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.develop
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.runtime
	$(BIN)/rheobase bench all

compare: $(VENV)/.runtime
	$(BIN)/python benchmarks/compare.py

lock:
	$(PYTHON) scripts/lock.py

wheel: $(VENV)/.develop
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf build dist docs/_build docs/reference/generated .pytest_cache .mypy_cache .ruff_cache
