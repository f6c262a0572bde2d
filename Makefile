.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
COMMAND := $(BIN)/timelimit-sync

# A new Python or another folder leaves .venv unusable: then forget what is installed there.
here := import sys; print(sys.prefix, sys.version_info[:2])
$(shell $(BIN)/python -c '$(here)' 2>/dev/null | cmp -s - .venv/serve || rm -f .venv/serve .venv/dev)

.PHONY: help serve test torture bench conformance lint docs format update audit ci clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "make %-11s %s\n", $$1, $$2}'

serve: $(COMMAND) ## Install what is needed and serve on PORT (default 8080), with SQLite in data/
	@exec $(COMMAND) serve

test: .venv/dev $(COMMAND) ## Install what is needed and run the tests; on MySQL, too, if TEST_MYSQL_URL is set
	@$(BIN)/pytest

torture: .venv/dev ## Kill it, cut its power, fill its disk and so on (40 minutes; SHORT=1: 3)
	@$(BIN)/pytest torture $(if $(SHORT),--short)

bench: .venv/bench ## Measure speed and memory, and write docs/performance.md (needs wrk; 22 minutes; SHORT=1: 9)
	@$(BIN)/python -m benchmarks $(if $(SHORT),--short)

conformance: $(COMMAND) ## Play the conformance scenarios against the server at URL (conformance/README.md)
	@$(COMMAND) conformance $(or $(URL),$(error name the server: make conformance URL=http://127.0.0.1:8080))

lint: .venv/dev ## Check format, style and types
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@# import-linter checks packages only, so modules at the top level are shown to it as packages.
	@rm -rf .venv/layers && mkdir .venv/layers
	@for room in */__init__.py; do ln -s "../../$${room%/*}" .venv/layers/; done
	@for module in [a-z]*.py; do \
		mkdir ".venv/layers/$${module%.py}" && ln -s "../../../$$module" ".venv/layers/$${module%.py}/__init__.py"; \
	done
	@cd .venv/layers && ../bin/lint-imports --no-logo ../../pyproject.toml

docs: .venv/serve ## Write docs/actions.md from the declarations of the handlers
	@$(BIN)/python -m sync.push.describe

format: .venv/dev ## Format the code and sort its imports
	@$(BIN)/ruff check --quiet --fix --select I .
	@$(BIN)/ruff format --quiet .

# Hashes of all wheels, for all platforms; pip checks them because they are there.
lock = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make update' --no-annotate --quiet --upgrade

update: .venv/lock ## Pin the newest versions of all packages, with their hashes
	@$(lock) -o requirements.txt
	@$(lock) -c requirements.txt --extra redis -o requirements-redis.txt
	@$(lock) -c requirements.txt --extra postgresql -o requirements-postgresql.txt
	@$(lock) -c requirements.txt --all-extras --group dev -o requirements-dev.txt
	@$(lock) -c requirements.txt --group bench -o benchmarks/requirements.txt

audit: .venv/lock ## Look for known weaknesses of the pinned packages
	@for file in requirements*.txt; do $(BIN)/pip-audit --require-hashes --disable-pip -r $$file || exit 1; done

ci: ## Run all that must pass before a change is taken (needs a MySQL server)
	@.ci/run

clean: ## Remove the environment and caches; the data stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/serve: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 ...")'
	@echo "Installing what is needed into .venv"
	@test -e $@ || rm -rf .venv
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -c '$(here)' > $@

$(COMMAND): commands/timelimit-sync .venv/serve
	@ln -sf ../../$< $@

.venv/dev: requirements-dev.txt .venv/serve
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/lock: .venv/serve
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit uv
	@touch $@

.venv/bench: benchmarks/requirements.txt .venv/serve
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@
