# Two commands do the job: `make compare` and `make test`. Each sets up all it needs below .venv/.
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
endif
PROFILE ?= default
MODEL ?= digits_cnn
RUNTIME ?= local
# On Linux plain pip fetches PyTorch with CUDA (several GB). Name a wheel index of CPU builds here to avoid that.
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

export MODEL PROFILE RUNTIME

.DEFAULT_GOAL := help
.PHONY: help setup compare export verify list serve report test test-fast check format bench-client bench-service lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## make the virtual environment with every package (compare and test do it by themselves)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 on PATH; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "setting up $(VENV): about 3 GB, one to a few minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps --editable .
	@touch $@

compare: $(READY) ## train, export, serve, load-test and report (PROFILE=quick|default|full MODEL=digits_cnn)
	@$(BIN)/serveoff run

export: $(READY) ## train the model and export it to every format
	@$(BIN)/serveoff export

verify: $(READY) ## check every artifact against the golden outputs
	@$(BIN)/serveoff verify

list: $(READY) ## list deployments and endpoints
	@$(BIN)/serveoff list

serve: $(READY) ## serve one deployment in the foreground (NAME=flask-torchscript)
	@$(BIN)/serveoff serve $(NAME)

report: $(READY) ## render the newest run's report again (RUN=<id>)
	@$(BIN)/serveoff report $(or $(RUN),latest)

test: $(READY) ## run every test that this machine can run
	@$(BIN)/python -m pytest

test-fast: $(READY) ## run the tests that need no server and no training
	@$(BIN)/python -m pytest -m "not slow and not browser and not docker"

check: $(READY) ## lint, format check and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench-client: $(READY) ## what recording costs the load generator, beside plain Locust and wrk
	@$(BIN)/python -m benchmarks.bench_client

bench-service: $(READY) ## our Flask service beside a naive Flask app, and each format's overhead over its floor
	@$(BIN)/python -m benchmarks.bench_service

lock: ## pin the newest releases that pyproject.toml allows (needs the network)
	@rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@{ echo "# Written by \`make lock\` from pyproject.toml."; \
	   .venv-lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' | grep -v '^-e'; } > requirements.lock
	@rm -rf .venv-lock

clean: ## remove artifacts, results and reports (not the virtual environment)
	@rm -rf artifacts results reports .serveoff
