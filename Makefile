# Everything is done through these targets; `make help` explains them. They need Python >= 3.11 and nothing else.
PYTHON ?= python3
SYSTEM_PYTHON ?= /usr/bin/python3
VENV ?= .venv
BIN := $(VENV)/bin
PARTS := shared auth-service project-service conversation-service realtime-service gateway deploy
EDITABLE := $(foreach part,$(PARTS),-e ./$(part))
TESTS ?=
WORKERS ?= 2

# Every program started here reads its modules compiled; without that a service takes three times as long to start. What
# is compiled is kept in a folder of its own, not beside the sources, also where Python was told to write nothing there.
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/compiled
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run run-distributed demo demo-system-python test test-unit check attack lint format bench chaos snapshots clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-18s %s\n", $$1, $$2 }'

install: $(VENV)/installed ## Make the virtual environment with all parts in it (the other targets do it by themselves)

$(VENV)/installed: VERSION constraints.txt $(addsuffix /pyproject.toml,$(PARTS)) deploy/create_venv.sh
	@sh deploy/create_venv.sh "$(PYTHON)" "$(VENV)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --build-constraint constraints.txt $(EDITABLE) "tessera-deploy[dev]"
	@touch $@

run: install ## Run everything in one process with its own PostgreSQL, until Ctrl-C
	@exec $(BIN)/python -m deploy.embedded

run-distributed: install ## Run five service processes with RabbitMQ, Redis and PostgreSQL on this machine, until Ctrl-C
	@exec $(BIN)/python -m deploy.local

demo: install ## Play the story (register, project, task, conversation, live events) against the running stack or its own
	@exec $(BIN)/python -m deploy.demo

test: install ## Run all tests; starts (and if need be installs) PostgreSQL, RabbitMQ and Redis for itself
	@$(BIN)/python -m deploy.local.testbed -- $(BIN)/python -m pytest $(if $(TESTS),$(TESTS),--numprocesses $(WORKERS) --dist loadgroup)

test-unit: install ## Run the tests that need no server, in seconds
	@$(BIN)/python -m pytest shared/tests/unit $(wildcard *-service/tests/unit gateway/tests/unit)

check: lint test ## Everything CI runs: lint, then all tests

demo-system-python: ## Play the demo from an environment of the distribution's own Python (part of CI)
	@sh deploy/quality/system_python.sh "$(SYSTEM_PYTHON)"

attack: install ## Throw hostile input at the running parts: wire, tokens, tenants, bodies, generated requests, one greedy account
	@$(BIN)/python -m deploy.local.testbed -- $(BIN)/python -m pytest gateway/tests/api/test_hostile_requests.py \
		gateway/tests/api/test_spoofed_headers.py gateway/tests/api/test_token_confusion.py \
		shared/tests/unit/test_tokens.py deploy/e2e/test_bad_input.py deploy/e2e/test_tenancy.py deploy/e2e/test_openapi.py
	@$(BIN)/python -m deploy.bench.slowloris
	@$(BIN)/python -m deploy.quality.attack

lint: install $(VENV)/pins-checked ## Check pins, style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || (echo "run 'make format'" && exit 1)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

$(VENV)/pins-checked: constraints.txt deploy/quality/check_pins.sh | $(VENV)/installed
	@sh deploy/quality/check_pins.sh $(BIN)/uv
	@touch $@

format: install ## Format the code and sort the imports
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

bench: install ## Measure latency and throughput; prints machine, versions and ratios
	@$(BIN)/python -m deploy.bench

chaos: install ## Kill and restart services and the broker under load, race clients: count what was lost or came out twice (nothing)
	@$(BIN)/python -m deploy.chaos
	@$(BIN)/python -m deploy.chaos.races
	@$(BIN)/python -m deploy.chaos.jobs
	@$(BIN)/python -m deploy.chaos.episodes
	@$(BIN)/python -m deploy.chaos.rolling

snapshots: install ## Record the schemas of all events, the models of all migrations and the retention table anew, after a reviewed change
	@$(BIN)/python -m shared.events.snapshots --update
	@$(BIN)/python -m shared.db.models_state --update auth project conversation
	@$(BIN)/python -m deploy.retention_table --update
	@$(BIN)/python -m shared.personal_data_page --update

clean: ## Remove the virtual environment and caches; the data in TESSERA_HOME stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .import_linter_cache
