# Needs only make and Python 3.11 or newer; everything else is brought by `install`, or by `run` when it is missing.

PYTHON ?= python3
PORT_BASE ?= 8000
DATA_DIR ?= .care
SUBJECT ?= ana
ROLE ?= sales
SPEAK ?= en
TEST_PROCESSES ?= 2

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/installed-from-dev.txt
STACK := $(BIN)/python -m deploy.stack
COMPOSE ?= docker compose

.DEFAULT_GOAL := help
.PHONY: help install run token env demo doctor format check test faults security bench scale contracts clean reset up down logs

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(PACKAGES) ## Make the virtual environment, with every package pinned by its hash

run: $(PACKAGES) ## Run the whole product here, without containers, until Ctrl-C [PORT_BASE=8000 DATA_DIR=.care]
	@$(STACK) run --port-base $(PORT_BASE) --data-dir $(DATA_DIR)

token: $(PACKAGES) ## Print an access token for the running product [SUBJECT=ana ROLE=sales]
	@$(STACK) token --subject $(SUBJECT) --role $(ROLE) --data-dir $(DATA_DIR)

env: $(PACKAGES) ## Print the running product's addresses, as lines for a shell
	@$(STACK) env --data-dir $(DATA_DIR)

demo: $(PACKAGES) ## Live through a company's year on the running product
	@$(BIN)/python -m demo --data-dir $(DATA_DIR)

doctor: $(PACKAGES) ## Check the running product and say what is wrong [SPEAK=en|zh]
	@$(BIN)/python -m deploy.doctor --data-dir $(DATA_DIR) --language $(SPEAK)

format: $(PACKAGES) ## Lay out the code and mend what can be mended by itself
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

# `test` holds the quick tests too: asked for together, they run once.
QUICK := $(if $(filter test,$(MAKECMDGOALS)),,$(BIN)/pytest -q tests/unit tests/contracts tests/architecture)

check: $(PACKAGES) ## Check layout, style, types, imports and the quick tests
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(QUICK)

test: $(PACKAGES) ## Run the tests, on real PostgreSQL and Kafka; not the long ones [TEST_PROCESSES=2]
	@$(BIN)/pytest --numprocesses $(TEST_PROCESSES)

faults: $(PACKAGES) ## Run the fault tests, long ones included
	@$(BIN)/pytest -m "nightly or not nightly" tests/faults

security: $(PACKAGES) ## Run the security tests, long ones included: roles, odd input, personal words, supply chain
	@$(BIN)/pytest -m "nightly or not nightly" tests/security

bench: $(PACKAGES) ## Measure how fast the pieces are, each against its floor, into build/bench.json
	@$(BIN)/python -m tests.bench

scale: $(PACKAGES) ## Measure a million events, 100,000 timers and 20 minutes of load, into build/scale.json
	@$(BIN)/python -m tests.bench.scale

contracts: $(PACKAGES) ## Write the schemas, AsyncAPI and OpenAPI documents from the code
	@$(BIN)/python -m contracts.documents
	@$(BIN)/python -m services.openapi

clean: ## Remove everything made from the code; the product's data stays
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset: $(PACKAGES) ## Forget all data of the product that `make run` keeps
	@$(STACK) reset --data-dir $(DATA_DIR)

up: ## Run the whole product in containers
	@$(COMPOSE) up --build --detach --wait

down: ## Stop the containers; their data stays
	@$(COMPOSE) down

logs: ## Follow the containers' logs
	@$(COMPOSE) logs --follow

$(PACKAGES): deploy/requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed. Name one: make install PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot make virtual environments. Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "making $(VENV)" >&2; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@echo "installing the packages of deploy/requirements/dev.txt" >&2
	@PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
	  $(BIN)/python -m pip install --quiet --require-hashes -r deploy/requirements/dev.txt
	@touch $(PACKAGES)
