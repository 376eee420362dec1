# What a contributor types. Every target makes the environment that it needs: Python 3.11 to 3.13 and Java 17 or later are all it takes.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-long test-exhaustive test-connect test-workspace drill drills drill-faults quiz mutants lint fmt bench wheel docs lock clean
.PHONY: release validate plan deploy rehearse rollback drift

# Tests and demo start hundreds of short processes: without bytecode each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready
CONNECT := .venv-connect/.ready
DELIVERY := .venv-delivery/.ready
# What holds the identity of a workspace and needs no package runs without any, in a Python as it is.
PLAIN = "$$(requirements/find-python 3.11 3.13)" -m delivery
ARCHIVE = $(if $(FROM),--archive "$(FROM)") $(if $(SHA256),--sha256 "$(SHA256)")
PLAN ?= build/plan-$(TARGET)
DOCS := .venv-docs/.ready
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) ## three business days of payouts on this machine; LANDING=<folder> [DATES=a,b] [ACCEPT=N] settles your own files
	@$(BIN)/python -m demo $(if $(LANDING),--landing "$(LANDING)") $(if $(DATES),--dates "$(DATES)") $(if $(ACCEPT),--accept "$(ACCEPT)")

test: $(READY) ## the tests that a contributor runs before every commit
	@$(PYTEST) -m "not slow and not workspace"

test-all: test test-long ## `test`, and the long ones

test-long: $(READY) ## the long ones alone
	@$(PYTEST) -m "slow and not exhaustive and not workspace"

test-exhaustive: $(READY) ## many cases, and whole days of what long ones ask: hours; a workflow runs them at night
	@$(PYTEST) -m "exhaustive and not workspace"
	@MANY_CASES=1 $(PYTEST) -m "not workspace" $$(grep -rl --include='*.py' MANY_CASES lakeflow-local/tests tests)

test-connect: $(READY) ## the unit tests through the databricks-connect client (Python 3.12), without a workspace
	@if requirements/find-python 3.12 3.12 >/dev/null; then $(MAKE) --no-print-directory $(CONNECT) && $(BIN)/python tests/connect.py; \
	else echo "test-connect: skipped, because databricks-connect needs Python 3.12 and none was found (set PYTHON=/path/to/python3.12)"; fi

test-workspace: $(READY) ## the tests that need a workspace: DATABRICKS_CONFIG_PROFILE=<profile>
	@$(BIN)/pytest -m workspace tests/workspace

drill: $(READY) ## one trap and its rule side by side, in figures: NAME=<drill>
	@$(BIN)/python -m drills $(or $(NAME),--help)

drills: $(READY) ## all traps and their rules, one table
	@$(BIN)/python -m drills

drill-faults: $(READY) ## random faults, for the way we pay and for five wrong ones, with what each costs; N=1000 SEED=1
	@$(BIN)/python -m tests.faults.harness.model
	@$(BIN)/python -m tests.faults.harness --schedules $(or $(N),1000) --seed $(or $(SEED),1)

quiz: $(READY) ## forty scenario questions on a page that works offline; TERMINAL=1 asks here; EVIDENCE=<question> runs its simulated job
	@$(BIN)/python -m quiz $(if $(TERMINAL),--terminal) $(if $(EVIDENCE),--evidence "$(EVIDENCE)")

mutants: $(READY) ## this bundle with single mistakes: what `bundle validate --strict` finds and what `check` finds; FAMILY="control flow"
	@PYTHONPATH=lakeflow-local/tests/bundle $(BIN)/python -m tests.mutants $(if $(FAMILY),--family "$(FAMILY)")

lint: $(READY) ## formatting, style, YAML, every target of the bundle, and what the checker finds in it
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/yamllint --strict .
	@for target in local dev staging prod; do $(BIN)/lakeflow-local validate -t $$target; done
	@$(BIN)/lakeflow-local check --all-targets

fmt: $(READY) ## format the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: $(READY) ## what an update and a task cost, each figure with its spread
	@$(BIN)/python lakeflow-local/bench/jobs.py
	@$(BIN)/python lakeflow-local/bench/pipelines.py
	@$(BIN)/python lakeflow-local/bench/bundle_files.py
	@$(BIN)/python lakeflow-local/bench/check.py
	@$(BIN)/python lakeflow-local/bench/api.py
	@$(BIN)/python -m demo.bench
	@$(BIN)/python -m demo.warm_bench

wheel: $(READY) ## the wheel of a release in dist/, with the commit in its version
	@requirements/build-wheel

release: $(DELIVERY) ## the archive of the commit in build/release/: its files, its wheel, checksums; BRANCH=<name> where none is checked out
	@.venv-delivery/bin/python -m delivery release $(if $(BRANCH),--branch "$(BRANCH)")

validate: ## needs a workspace: the bundle without a warning: TARGET=<target>
	@databricks bundle validate --strict -t "$(TARGET)"

plan: ## needs a workspace: what a release would do: TARGET=<target> FROM=<archive>; PLAN=<folder> for the plan
	@$(PLAIN) plan --target "$(TARGET)" $(ARCHIVE) --plan "$(PLAN)"

deploy: ## needs a workspace: exactly that plan: TARGET=<target> FROM=<archive>; LOSE_DATA=yes if it may delete what holds data
	@$(PLAIN) deploy --target "$(TARGET)" $(ARCHIVE) --plan "$(PLAN)" $(if $(filter yes,$(LOSE_DATA)),--lose-data)

rehearse: $(DELIVERY) ## needs a workspace: settle made-up data there and judge the result: TARGET=staging FROM=<archive>
	@.venv-delivery/bin/python -m delivery rehearse --target "$(TARGET)" $(ARCHIVE)

rollback: ## needs a workspace: back to an earlier release: TO=<archive> TARGET=<target>; first the plan, with YES=1 its deployment
	@$(MAKE) --no-print-directory $(if $(YES),deploy,plan) FROM="$(TO)" TARGET="$(TARGET)"
	@$(if $(YES),true,echo "Nothing was changed. Read the plan; the same command with YES=1 deploys it. What does not come back: docs/promotion.md")

drift: $(DELIVERY) ## needs a workspace: whether it still is what was released: TARGET=<target>
	@.venv-delivery/bin/python -m delivery drift --target "$(TARGET)"

docs: $(READY) $(DOCS) ## the documentation site in build/site, with every link on it checked
	@rm -rf build/pages build/site
	@$(BIN)/python docs/site/pictures.py build/pages
	@.venv-docs/bin/python docs/site/gather.py build/pages
	@.venv-docs/bin/python docs/site/reference.py build/pages
	@.venv-docs/bin/python -m sphinx --quiet --fail-on-warning --keep-going -b html build/pages build/site
	@.venv-docs/bin/python docs/site/links.py build/site

lock: ## resolve the locks anew (needs an environment)
	@for lock in "uv 3.11 requirements/uv.in" "dev 3.11 requirements/dev.in pyproject.toml lakeflow-local/pyproject.toml" "connect 3.12 requirements/connect.in" \
  "docs 3.11 requirements/docs.in" "delivery 3.11 requirements/delivery.in -c requirements/dev.lock"; do \
	  set -- $$lock; name=$$1 python=$$2; shift 2; \
	  $(BIN)/uv pip compile --quiet --universal --python-version $$python --generate-hashes --no-annotate --no-header --no-emit-index-url "$$@" -o requirements/$$name.lock; \
	done

clean: ## forget every local run, table and landing file, and what was built
	@if [ -x $(BIN)/lakeflow-local ]; then $(BIN)/lakeflow-local workspace stop; fi
	rm -rf .lakeflow build dist/*.whl

$(READY): requirements/dev.lock requirements/uv.lock pyproject.toml lakeflow-local/pyproject.toml
	@requirements/check-java
	@requirements/make-venv .venv dev.lock 3.11 3.13 . lakeflow-local
	@$(BIN)/lakeflow-local prepare
	@touch $@

$(DELIVERY): requirements/delivery.lock requirements/uv.lock
	@requirements/make-venv .venv-delivery delivery.lock 3.11 3.13
	@touch $@

$(CONNECT): requirements/connect.lock requirements/uv.lock pyproject.toml
	@requirements/make-venv .venv-connect connect.lock 3.12 3.12 .
	@touch $@

$(DOCS): requirements/docs.lock requirements/uv.lock
	@requirements/make-venv .venv-docs docs.lock 3.11 3.13
	@touch $@
