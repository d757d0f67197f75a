# Two commands: `make demo` and `make test`. Each installs what it needs into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
# Also on two cores: tests of a cluster mostly wait for it.
WORKERS ?= 4

.DEFAULT_GOAL := help
.PHONY: help demo test lint lab-up lab-down bench incident screenshots snapshots clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

# uv where it is there, else venv and pip; the lock files pin every version by hash.
define install
	@set -e; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "kubecase needs Python 3.11 or later as $(PYTHON): install it, or say PYTHON=…" >&2; exit 1; }; \
	if command -v uv >/dev/null 2>&1; then \
		[ -x $(BIN)/python ] || uv venv -q --python $(PYTHON) $(VENV); \
		uv pip install -q --python $(BIN)/python --require-hashes -r $(1); \
		uv pip install -q --python $(BIN)/python --no-deps $(2) .; \
	else \
		[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) \
			|| { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }; \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1); \
		$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps $(2) .; \
	fi; \
	touch $(3)
endef

$(VENV)/.run: requirements.lock pyproject.toml
	$(call install,requirements.lock,-e,$@)

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock,--no-build-isolation -e,$@)

demo: $(VENV)/.run ## open the console on a real incident
	@$(BIN)/kubecase demo $(ARGS)

test: lint ## everything; starts a real cluster where it can (tests/lab/README.md)
	@tests/needs.sh
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## format, style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab-up: ## build (once) and start the cluster that the tests use; eval "$(tests/lab/lab.sh env)"
	@tests/lab/lab.sh up

lab-down: ## stop it and remove all that it made
	@tests/lab/lab.sh down

incident: $(VENV)/.dev ## play the demo's attack anew on a real node, and check that it is found (10 minutes, root)
	$(BIN)/python -m tests.incident.incident build/incident
	KUBECASE_INCIDENT=build/incident $(BIN)/python -m pytest -q tests/test_incident.py

snapshots: $(VENV)/.dev ## write the golden files and screen pictures of the tests anew
	$(BIN)/python -m pytest -n $(WORKERS) --snapshot-update $(ARGS)

bench: $(VENV)/.dev ## ratios against yardsticks of the same run, also in build/bench.json
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(VENV)/.dev ## pictures of every screen from the demo case
	$(BIN)/python -m tests.screenshots

clean: ## remove what the above made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
