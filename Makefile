# ถามได้ / Thamdai: `make run` starts it, `make test` checks it. Nothing else is needed.
PYTHON ?= python3
VENV := .venv
OF_BROWSER := ^(TargetClosedError|TimeoutError: (Page|Locator|Frame|Browser))
PY := $(VENV)/bin/python
UV_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help install run demo test check browser lock clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

install: $(VENV)/.installed  ## the environment in .venv, locked dependencies only

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ต้องใช้ Python 3.11 ขึ้นไป / Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@echo "กำลังติดตั้ง / installing (a minute or two) ..."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "กำลังติดตั้งเครื่องมือทดสอบ / installing the test tools ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: install  ## database, agencies, server; prints the addresses
	@exec $(PY) -m bot serve

demo: install  ## five agencies with staff and a hundred made-up matters, in var/demo; prints the logins
	@exec $(PY) -m bot demo

browser:
	@bash deploy/browser.sh

check: $(VENV)/.installed-dev  ## format, lint, types, import contracts
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: check browser  ## all of that, and every test; once more only where the browser itself died or hung
	$(PY) -m pytest -q -r sR -n 4 --dist loadfile --no-loadscope-reorder --reruns 1 --only-rerun '$(OF_BROWSER)'

lock:  ## write both lock files anew (needs uv)
	uv pip compile $(UV_OPTIONS) --group build pyproject.toml -o requirements.lock
	uv pip compile $(UV_OPTIONS) --group build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:  ## remove the environment and caches; never the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
