# Needs python3 (3.11 or newer, with venv) and make; installs the rest into .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo install check test test-all engine-alone bench bench-small lock clean

demo: $(STAMP)  ## play a synthetic district, write out/demo, serve it with an account per role (in CI: look and end)
	$(BIN)/yipanqi demo --out out/demo
	$(BIN)/yipanqi demo-server out/demo/data --home out/demo-home

install: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || (echo "python3-venv is missing: apt-get install -y python3-venv"; exit 1)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	$(BIN)/yipanqi warm -q
	touch $(STAMP)

check: $(STAMP)  ## architecture contracts, types, lint, format
	$(BIN)/ruff check src tests tools examples benchmarks
	$(BIN)/ruff format --check src benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: $(STAMP)  ## the tests, without the slow ones; those of the shell on SQLite and on PostgreSQL
	$(BIN)/pytest -n auto -m "not slow"
	$(BIN)/python tools/with_postgres.py $(BIN)/pytest -n auto -m "not slow" tests/web

test-all: $(STAMP) engine-alone bench-small  ## every test, the engine alone, every benchmark once at small size
	$(BIN)/pytest -n auto
	$(BIN)/python tools/with_postgres.py $(BIN)/pytest -n auto tests/web

ALONE := build/alone
engine-alone: $(STAMP)  ## the engine from its wheel, without the development extra, passes its tests
	rm -rf build/wheel $(ALONE) && $(PYTHON) -m venv $(ALONE)
	$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w build/wheel .
	$(ALONE)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/test.txt
	$(ALONE)/bin/python -m pip install -q --disable-pip-version-check --no-deps build/wheel/*.whl
	$(ALONE)/bin/pytest -n auto -m "not slow" tests/engine

BENCH := $(VENV)/.installed-bench
$(BENCH): $(STAMP) requirements/bench.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt
	touch $(BENCH)

bench: $(BENCH)  ## every promise beside its peers, at full size: docs/reference/benchmarks.md
	$(BIN)/python -m benchmarks

bench-small: $(BENCH)  ## the same at the size of a test: answers must agree, times mean nothing
	$(BIN)/python -m benchmarks --small

lock:
	requirements/lock.sh

clean:
	rm -rf $(VENV) out build dist
