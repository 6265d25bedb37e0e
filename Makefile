# Two commands do all set-up on a fresh Debian 12 with Python 3.11, git and make:
#   make demo    the platform with a living mould factory
#   make test    every test, with whatever they need installed and started
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed

# every process of the tests would compile all it imports anew: seconds a start
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up test check fast outage bench console wheel lock clean

demo: $(RUN_STAMP) console
	$(BIN)/baigong demo

up: $(RUN_STAMP) console
	$(BIN)/baigong up

test: $(DEV_STAMP)
	@tools/prepare
	@$(BIN)/python tools/console.py --test
	@$(BIN)/python tools/run_tests.py

# what needs no servers and no browser, in under two minutes
check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests bench tools
	$(BIN)/mypy
	$(BIN)/python -m tools.check

fast: $(DEV_STAMP)
	$(BIN)/pytest -n 2 --dist loadgroup -m "not slow"

outage: $(DEV_STAMP)
	$(BIN)/python -m tests.outage.long
	BAIGONG_LONG=1 $(BIN)/pytest -q -n 0 tests/outage/test_halted.py

bench: $(DEV_STAMP)
	@tools/prepare --bench
	$(BIN)/python -m bench

console: $(RUN_STAMP)
	@$(BIN)/python tools/console.py

wheel: $(DEV_STAMP) console
	$(BIN)/uv build --wheel --out-dir dist

lock:
	$(BIN)/uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 --no-header -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11 --no-header -q -o requirements-dev.lock

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Baigong needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || tools/prepare --venv $(PYTHON) $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

$(RUN_STAMP): requirements.lock pyproject.toml | $(VENV)/bin/uv
	@echo "installing Baigong and what it stands on …"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps -e .
	@touch $@

$(DEV_STAMP): requirements-dev.lock pyproject.toml | $(VENV)/bin/uv
	@echo "installing Baigong, what it stands on, and what tests it …"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps -e .
	@touch $@ $(RUN_STAMP)

clean:
	rm -rf $(VENV) dist build ui/node_modules src/baigong/api/console
