# `make run` and `make test` need nothing but make and Python 3.11, 3.12 or 3.13.

PYTHON ?= python3
ARGS ?=

# The stamps carry what they depend on in their names, so a checkout that only
# touches files costs nothing, and an edit or a moved clone is always noticed
# (scripts in a venv hold its absolute path).
MADE := .venv/.made-$(shell pwd | cksum | cut -d' ' -f1)
READY := .venv/.ready-$(shell cat requirements.lock pyproject.toml | cksum | cut -d' ' -f1)

# A venv whose Python has gone from the machine is made again.
$(shell [ -x .venv/bin/python ] || rm -f .venv/.made-* .venv/.ready-*)

# Other people's shell settings must not leak into the venv.
unexport PYTHONPATH PYTHONHOME
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0
# Beside the venv's own files: uv can link instead of copy, and needs no home folder.
export UV_CACHE_DIR := .venv/cache

.DEFAULT_GOAL := help
.PHONY: help run kite-standin test setup check cover schemas cards rules brokers mcp-conformance calendars properties chaos faults bench lock clean

help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'ARGS="..." is passed on by run, kite-standin, test, cover, properties, bench and lock.'
	@echo 'PYTHON=python3.12 chooses the Python of a new .venv (make clean first to change it).'

run: $(READY) ## start the server (sets up first)
	@.venv/bin/sigmatrader serve $(ARGS)

kite-standin: $(READY) ## run a stand-in of Kite's MCP server on port 8765, to try the broker offline
	@.venv/bin/python -m tests.fakes.kite_standin $(ARGS)

# A module stays in one process, and each process has a PostgreSQL of its own. A test that
# hangs fails with its stacks; what even that cannot end ends its process.
test: $(READY) ## run every test (sets up first)
	@.venv/bin/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadscope \
	  --timeout=600 -o faulthandler_timeout=1800 -o faulthandler_exit_on_timeout=true $(ARGS)

setup: $(READY) ## only make the environment, in .venv

check: $(READY) ## format, lint, types and import contracts; changes nothing
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Each package is held to the figure by itself; a good one cannot lift a poor one.
cover: $(READY) ## run the tests; each part of the trading core needs 95 % of its branches covered
	@.venv/bin/python -m pytest --cov=riskgate --cov=app/planning --cov=app/execution \
	  --cov=app/approvals --cov-branch --cov-report= $(ARGS)
	@poor=0; for package in riskgate app/planning app/execution app/approvals; do \
	  echo "$$package:"; \
	  .venv/bin/coverage report --include="$$package/*" --fail-under=95 || poor=1; \
	done; exit $$poor

schemas: $(READY) ## write the JSON Schemas of the contracts again, in docs/reference/schemas
	@.venv/bin/python -m tests.schemas

cards: $(READY) ## write the golden cards and docs/reference/cards.md again
	@.venv/bin/python -m tests.cards

calendars: $(READY) ## write the calendar data again, in app/calendars/data
	@.venv/bin/python -m tests.calendars

rules: $(READY) ## write docs/reference/rules.md again from the rules
	@.venv/bin/python -m tests.rules_page

brokers: $(READY) ## run the conformance suite and write docs/reference/brokers.md again
	@.venv/bin/python -m tests.conformance.table

mcp-conformance: $(READY) ## run the public MCP suite, print the table and write its page again
	@.venv/bin/python -m tests.conformance.mcp.page

properties: $(READY) ## try 10,000 examples of each property of the gate (a few minutes)
	@HYPOTHESIS_PROFILE=thorough .venv/bin/python -m pytest --hypothesis-show-statistics \
	  tests/property/test_gate_properties.py tests/property/test_gate_suggestions.py \
	  tests/property/test_gate_bytes.py tests/property/test_book_properties.py \
	  tests/property/test_postback_order.py $(ARGS)

chaos: $(READY) ## kill the server 200 times at each of 28 points of an order, and count (an hour)
	@.venv/bin/python -m tests.chaos --runs 200 $(ARGS)

faults: $(READY) ## lost replies, races, a full disk, a database shot 100 times (half an hour)
	@FAULTS=full .venv/bin/python -m pytest -s --show-capture=no \
	  tests/integration/test_lost_replies.py tests/integration/test_once_under_load.py \
	  tests/integration/test_approval_races.py tests/integration/test_kill_switch_races.py \
	  tests/integration/test_model_fuzz.py tests/integration/test_hijacked_model.py \
	  tests/integration/test_foreign_words.py \
	  tests/integration/test_kite_drops.py \
	  tests/faults $(ARGS)

bench: $(READY) ## print the figures of this machine
	@.venv/bin/python -m tests.benchmarks $(ARGS)

# Kept versions stay unless they no longer fit; ARGS=--upgrade moves everything.
# Only the default registry, or the one that UV_* variables name, is asked. Needs no
# sound lock, so that one broken by a merge can be deleted and made again.
lock: $(MADE) ## make requirements.lock again from pyproject.toml (ARGS=--upgrade for newer versions)
	@.venv/bin/python -m pip install --quiet uv
	@.venv/bin/uv pip compile pyproject.toml --extra dev --universal --generate-hashes \
	  --no-header --no-annotate --quiet --output-file requirements.lock $(ARGS)
	@rm -rf .venv/cache

clean: ## remove .venv and the caches, never your data
	rm -rf .venv build *.egg-info htmlcov .coverage .coverage.* .pytest_cache .mypy_cache \
	  .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path '*/node_modules/*' -prune -exec rm -rf {} +

$(MADE):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'SigmaTrader needs Python 3.11, 3.12 or 3.13, and "$(PYTHON)" is not one of them:' >&2; \
	  "$(PYTHON)" --version >&2; \
	  echo 'name one, for example: make setup PYTHON=python3.12' >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv; from ensurepip import bootstrap' 2>/dev/null || { \
	  echo '"$(PYTHON)" cannot make a virtual environment: its venv or ensurepip module is missing.' >&2; \
	  echo 'On Debian and Ubuntu: apt-get install python3-venv (python3.12-venv for a python3.12).' >&2; \
	  exit 1; }
	@echo "Making .venv with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear .venv
	@touch $@

# uv, itself installed by pip against the lock's hashes, is nine times as fast as pip
# (4 s against 38 s). It does not read pip's configuration, so pip takes over where
# that names a mirror or a certificate without which nothing can be reached.
#
# The project is installed with the locked setuptools, so without the network, and in
# "compat" mode: one path file, and a folder added later is importable at once.
$(READY): $(MADE)
	@echo 'Installing the packages of requirements.lock into .venv'
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	@.venv/bin/python -m pip install --quiet --require-hashes --no-deps -r .venv/uv.txt
	@.venv/bin/uv pip install --python .venv/bin/python --require-hashes --no-deps \
	  -r requirements.lock || { \
	  echo 'uv could not; trying with pip and its configuration'; \
	  .venv/bin/python -m pip install --require-hashes --no-deps -r requirements.lock; }
	@.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation \
	  --config-settings editable_mode=compat -e .
	@rm -rf .venv/cache .venv/uv.txt .venv/.ready-*
	@touch $@
	@echo 'Ready. make help lists what there is.'
