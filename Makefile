# Needs only make and Python 3.11 or newer. `install` and `run` install everything else that is missing.

PYTHON ?= python3
# The variables of `./care` count here, too.
PORT_BASE ?= $(CARE_PORT_BASE)
DATA_DIR ?= $(or $(CARE_DATA_DIR),.care)
SUBJECT ?= ana
ROLE ?= sales
SPEAK ?= $(or $(CARE_LANGUAGE),en)
TEST_PROCESSES ?= 2

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(VENV)/installed-from-dev.txt
COMPOSE ?= docker compose
# `./care` is the command line of the product; the targets below are short names for it.
CARE := ./care
ON := --data-dir $(DATA_DIR)
AT := $(ON) $(if $(PORT_BASE),--port-base $(PORT_BASE))
BY := --compose "$(COMPOSE)"

.DEFAULT_GOAL := help
.PHONY: help install start stop status run token env demo doctor format check test faults security clients purchases containers bench scale contracts clean reset up down logs

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(PACKAGES) ## Create the virtual environment, with every package pinned by hash

start: $(PACKAGES) ## Start the whole product in the background [PORT_BASE=8000 DATA_DIR=.care]
	@$(CARE) start $(AT) $(BY)

stop: $(PACKAGES) ## Stop the product; its data stays
	@$(CARE) stop $(ON) $(BY)

status: $(PACKAGES) ## Show each part of the product [SPEAK=en|zh]
	@$(CARE) status $(ON) --language $(SPEAK)

run: $(PACKAGES) ## Run the whole product in this terminal until Ctrl-C [PORT_BASE=8000 DATA_DIR=.care]
	@$(CARE) run $(AT)

token: $(PACKAGES) ## Print an access token for the running product [SUBJECT=ana ROLE=sales]
	@$(CARE) token $(ON) --subject $(SUBJECT) --role $(ROLE)

env: $(PACKAGES) ## Print the addresses of the running product as shell commands
	@$(CARE) env $(ON)

demo: $(PACKAGES) ## Load one simulated year of a company into the product [SPEAK=en|zh]
	@$(CARE) demo $(ON) --language $(SPEAK)

doctor: $(PACKAGES) ## Check the running product and print problems with advice [SPEAK=en|zh]
	@$(CARE) doctor $(ON) --language $(SPEAK)

format: $(PACKAGES) ## Format the code and apply automatic fixes
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

# `test` includes the quick tests, so `make check test` runs them only once.
QUICK := $(if $(filter test,$(MAKECMDGOALS)),,$(BIN)/pytest -q tests/unit tests/contracts tests/architecture)

check: $(PACKAGES) ## Check format, style, types and imports, and run the quick tests
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(QUICK)

test: $(PACKAGES) ## Run all tests except the long ones, on real PostgreSQL and Kafka [TEST_PROCESSES=2]
	@$(BIN)/pytest --numprocesses $(TEST_PROCESSES)

faults: $(PACKAGES) ## Run the fault tests, including the long ones
	@$(BIN)/pytest -m "nightly or not nightly" tests/faults

security: $(PACKAGES) ## Run the security tests, including the long ones: roles, invalid input, personal data, supply chain
	@$(BIN)/pytest -m "nightly or not nightly" tests/security

clients: $(PACKAGES) ## Generate clients from the OpenAPI documents, run them, and lint the documents; needs node
	@$(BIN)/pytest -m "nightly or not nightly" tests/clients

purchases: $(PACKAGES) ## Import 69,659 real purchases, and compare all figures with the known totals
	@$(BIN)/pytest -m "nightly or not nightly" tests/purchases

containers: $(PACKAGES) ## Test the containers and Python 3.13; needs a container engine
	@COMPOSE="$(COMPOSE)" $(BIN)/pytest -m "nightly or not nightly" tests/containers

bench: $(PACKAGES) ## Measure the speed of each component against its floor, and write build/bench.json
	@$(BIN)/python -m tests.bench

scale: $(PACKAGES) ## Measure a million events, 100,000 timers, a month of alerts and 20 minutes of load, and write build/scale.json
	@$(BIN)/python -m tests.bench.scale

contracts: $(PACKAGES) ## Generate the JSON Schemas, AsyncAPI and OpenAPI documents, docs/topics.md and the import diagrams
	@$(BIN)/python -m contracts.documents
	@$(BIN)/python -m services.openapi
	@$(BIN)/python -m tests.architecture.import_diagram

clean: ## Remove all generated files; the product's data stays
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset: $(PACKAGES) ## Delete all data of the product that `make run` and `make up` keep
	@$(CARE) reset $(ON) $(BY)

up: $(PACKAGES) ## Run the whole product in containers [PORT_BASE=8000 DATA_DIR=.care]
	@$(CARE) up $(AT) $(BY)

down: $(PACKAGES) ## Stop the containers; their data stays
	@$(CARE) down $(ON) $(BY)

logs: ## Follow the containers' logs
	@$(COMPOSE) --env-file $(DATA_DIR)/containers.env logs --follow

$(PACKAGES): deploy/requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is required. Specify one: make install PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot create virtual environments. Debian: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "creating $(VENV)" >&2; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	@echo "installing the packages of deploy/requirements/dev.txt" >&2
	@PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
	  $(BIN)/python -m pip install --quiet --require-hashes -r deploy/requirements/dev.txt
	@touch $(PACKAGES)
