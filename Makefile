# Two commands do everything: `make demo` and `make test`. Both set up .venv by themselves.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The newest Python on PATH that is supported; PYTHON=… overrides.
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help demo test test-pythons test-httpx2 format check-format lint types architecture tests campaign audit setup \
	docs map manual contracts contracts-write cassettes pretix pretix-cassettes bench bench-growth bench-diff bench-start bench-watch bench-watch-http pins clean

help:  ## what there is to make
	@grep -hE '^[a-z0-9-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/:.*  ## /\t/' | expand -t 16

$(READY): constraints.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "willcall needs Python 3.11 or newer with venv; set PYTHON=/path/to/python3"; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY)  ## the virtual environment, from hashed pins

demo: $(READY)  ## the main job on a sandbox: a night of sales, and the support tickets it opens
	@$(BIN)/willcall demo

test: check-format lint types architecture tests  ## everything that must pass before a commit

# PYTHONS="python3.12 /path/to/python3" overrides what is searched for, EACH what is made.
EACH ?= test

test-pythons:  ## make test on each supported Python that is found; PYTHONS="…" names others
	@$(PYTHON) .ci/pythons.py $(EACH) $(PYTHONS)

format: $(READY)  ## rewrite the code in the house format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet .

check-format: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

architecture: $(READY)
	@$(BIN)/lint-imports

# What runs the clients is measured; measuring makes the thousand ends of a process half as fast.
MEASURED := tests/client tests/cassettes tests/proof tests/ticket0 tests/ticketsmart tests/test_errors.py \
	tests/bridge/test_box_offices.py tests/bridge/test_desks.py

tests: $(READY)
	@$(BIN)/pytest -n 2 -q $(MEASURED) --cov
	@$(BIN)/pytest -n 2 -q $(addprefix --ignore=,$(MEASURED))
	@if $(MAKE) -s $(HTTPX2)/.ready; then $(ON_HTTPX2) $(BIN)/pytest -n 2 -q $(HTTPX2_SMOKE); \
		else echo "httpx2: NOT TRIED, since it could not be installed; make test-httpx2 tries all of it"; fi
	@if $(MAKE) -s $(MCP)/.ready; then PYTHONPATH=$(MCP) $(BIN)/pytest -q tests/cli/apis/test_mcp.py; \
		else echo "mcp: NOT TRIED, since it could not be installed"; fi

# The SDK of MCP brings httpx2 with it, so it lies in a folder of its own, too.
MCP := $(CURDIR)/.cache/mcp
$(MCP)/.ready: .ci/mcp-constraints.txt $(READY)
	@rm -rf $(MCP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target $(MCP) -r $<
	@touch $@

# httpx2 and what only it needs lie in a folder of their own, before the packages of the tests.
HTTPX2 := $(CURDIR)/.cache/httpx2
ON_HTTPX2 := PYTHONPATH=$(HTTPX2) WILLCALL_TESTS_ON=httpx2
HTTPX2_SMOKE := tests/client/test_library.py tests/client/test_http.py
$(HTTPX2)/.ready: .ci/httpx2-constraints.txt $(READY)
	@rm -rf $(HTTPX2)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --target $(HTTPX2) -r $<
	@touch $@

test-httpx2: $(HTTPX2)/.ready  ## the tests of the clients and the cassettes, on httpx2 instead of httpx
	@$(ON_HTTPX2) $(BIN)/pytest -n 2 -q $(MEASURED)

docs: $(READY)  ## the documentation as a site, in .cache/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet -f docs/mkdocs/mkdocs.yml && echo "open .cache/site/index.html"

map: $(READY)  ## draw the map of the architecture anew, from the imports
	@$(BIN)/python docs/mkdocs/map.py

# A failing seed is named; `make campaign CAMPAIGN_FIRST=K CAMPAIGN_SEEDS=1` plays it again.
CAMPAIGN_SEEDS ?= 200000
CAMPAIGN_SECONDS ?= 86400
CAMPAIGN_FIRST ?= 0

campaign: $(READY)  ## the promise, many thousand times over: 200,000 seeds, 200 rounds of kill -9
	@WILLCALL_SEEDS=$(CAMPAIGN_SEEDS) WILLCALL_SECONDS=$(CAMPAIGN_SECONDS) WILLCALL_WORKERS=2 \
		WILLCALL_FIRST_SEED=$(CAMPAIGN_FIRST) WILLCALL_KILL_ROUNDS=200 \
		$(BIN)/pytest -q -s tests/simulation tests/bridge/test_kill.py

# pip-audit lives in an environment of its own: what it depends on is none of ours.
AUDIT := .cache/audit
$(AUDIT)/.ready: .ci/audit-constraints.txt
	@test -n "$(PYTHON)" || { echo "audit: it needs Python 3.11 or newer with venv; set PYTHON=/path/to/python3"; exit 1; }
	@echo "setting up $(AUDIT) with pip-audit (once)"
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

audit: $(AUDIT)/.ready  ## known weaknesses of what we depend on: 1 there are some, 75 nobody could say
	@$(AUDIT)/bin/python .ci/audit.py constraints.txt

manual: $(READY)  ## the reference of the command line and its man page, from its own help
	@mkdir -p .cache docs/man
	@$(BIN)/willcall manual > .cache/willcall.1 && mv .cache/willcall.1 docs/man/
	@sed '/^<!-- From here/q' docs/cli.md > .cache/cli.md && echo >> .cache/cli.md \
		&& $(BIN)/willcall manual --form markdown >> .cache/cli.md && mv .cache/cli.md docs/

contracts-write: $(READY)  ## write the OpenAPI documents of both services anew
	@PYTHONPATH=tests $(BIN)/python -m support.contracts.document

cassettes: $(READY)  ## record every cassette anew, from the sandbox
	@PYTHONPATH=tests $(BIN)/python -W error -m support.cassettes

# The tools that judge the contracts have an environment of their own, with a node of its own.
CONTRACTS := .cache/contracts
$(CONTRACTS)/.ready: .ci/contracts/constraints.txt .ci/contracts/package-lock.json
	@test -n "$(PYTHON)" || { echo "contracts: it needs Python 3.11 or newer with venv; set PYTHON=/path/to/python3"; exit 1; }
	@echo "setting up $(CONTRACTS) with tools from PyPI and npm (once, a minute)"
	@rm -rf $(CONTRACTS) && $(PYTHON) -m venv $(CONTRACTS)
	@$(CONTRACTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@mkdir $(CONTRACTS)/npm && cp .ci/contracts/package.json .ci/contracts/package-lock.json $(CONTRACTS)/npm
	@cd $(CONTRACTS)/npm && PATH=$(CURDIR)/$(CONTRACTS)/bin:$$PATH npm install --no-save --ignore-scripts --silent --no-audit --no-fund \
		|| echo "contracts: nothing could be installed from npm; what needs it will not be tried"
	@touch $@

contracts: $(READY) $(CONTRACTS)/.ready $(MCP)/.ready  ## have other people's tools judge the contracts; STEPS="lint prism" does some
	@CONTRACTS_MCP=$(MCP) PYTHONPATH=tests $(BIN)/python .ci/contracts/run.py $(CONTRACTS) $(STEPS)

# pretix has an environment of its own, and its tables are made once: minutes. No part of the tests.
PRETIX := .cache/pretix
EXAMPLE := examples/willcall-pretix
$(PRETIX)/.ready: $(EXAMPLE)/server/constraints.txt
	@test -n "$(PYTHON)" || { echo "pretix: it needs Python 3.11 or newer with venv; set PYTHON=/path/to/python3"; exit 1; }
	@echo "setting up $(PRETIX) with pretix (once, some minutes)"
	@rm -rf $(PRETIX) && $(PYTHON) -m venv $(PRETIX)
	@$(PRETIX)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $< \
		|| { echo "pretix: not installed; where a package is built here, it may need Debian's build-essential, python3-dev, libxml2-dev, libxslt1-dev, libffi-dev, libjpeg-dev"; exit 1; }
	@touch $@

pretix: $(READY) $(PRETIX)/.ready  ## the example under examples/willcall-pretix, against a real pretix
	@PYTHONPATH=tests:$(EXAMPLE)/src $(BIN)/python $(EXAMPLE)/server/check.py

pretix-cassettes: $(READY) $(PRETIX)/.ready  ## record what a real pretix answers anew
	@PYTHONPATH=tests:$(EXAMPLE)/src $(BIN)/python $(EXAMPLE)/server/check.py --record

# Its environment holds the peers too, and is none of the tests'.
BENCH := .cache/bench
$(BENCH)/.ready: benchmarks/constraints.txt pyproject.toml
	@echo "setting up $(BENCH) with the peers to measure against (once)"
	@$(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r benchmarks/constraints.txt
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

bench: $(BENCH)/.ready bench-start  ## how fast the clients are, beside named peers
	@$(BENCH)/bin/python benchmarks/run.py

bench-growth: $(READY)  ## whether a client grows over 200,000 calls; CALLS=… makes others
	@$(BIN)/python benchmarks/growth.py $(CALLS)

bench-start: $(READY)  ## what it costs to start, over `import httpx`
	@$(BIN)/python benchmarks/bench_start.py

bench-diff: $(READY)  ## how long it takes to see what changed among 10,000 events
	@$(BIN)/python benchmarks/bench_diff.py

bench-watch: $(READY)  ## where 60 requests a minute see most; FULL=1: two weeks by five seeds, for hours
	@$(BIN)/python benchmarks/watch $(if $(FULL),--full) --plots docs/images
	@$(BIN)/python benchmarks/watch/whole.py --events 1000 --days 0.75 --warm 0.1
	@$(BIN)/python benchmarks/watch/whole.py --events 5000 --days 0.5 --warm 0.1

bench-watch-http: $(READY)  ## from a sale to its ticket, over real HTTP; and what is used of the limit
	@PYTHONPATH=tests $(BIN)/python benchmarks/watch_http

COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q

pins: $(READY)  ## write the constraints anew from pyproject.toml (needs uv)
	@$(COMPILE) $(addprefix --extra=,cli keyring otel postgres sandbox) --group dev -o constraints.txt
	@$(COMPILE) --extra httpx2 -c constraints.txt -o .ci/httpx2-constraints.txt \
		$(addprefix --no-emit-package=,$(shell sed -n 's/^\([a-z0-9._-]*\)==.*/\1/p' constraints.txt))
	@$(COMPILE) --group bench -c constraints.txt -o benchmarks/constraints.txt
	@$(subst pyproject.toml ,,$(COMPILE)) --group audit -o .ci/audit-constraints.txt
	@$(COMPILE) --extra mcp -c constraints.txt -c .ci/httpx2-constraints.txt -o .ci/mcp-constraints.txt \
		$(addprefix --no-emit-package=,$(shell sed -n 's/^\([a-z0-9._-]*\)==.*/\1/p' constraints.txt))
	@$(subst pyproject.toml ,,$(COMPILE)) --group contracts -o .ci/contracts/constraints.txt
	@$(subst pyproject.toml ,,$(COMPILE)) --group pretix -o $(EXAMPLE)/server/constraints.txt

clean:  ## forget the environment and every cache
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache site
