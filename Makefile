# Two commands do the job: `make compare` and `make test`. Each sets up all it needs below .venv/.
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
endif
PROFILE ?= default
MODEL ?= $(or $(shell sed -n 's/^MODEL=//p' .env 2>/dev/null),digits_cnn)
RUNTIME ?= local
# On Linux plain pip fetches PyTorch with CUDA (several GB). Name a wheel index of CPU builds here to avoid that.
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-peers
PEERS_READY := $(PEERS)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

export MODEL PROFILE RUNTIME

# The containers need the engine only, not the virtual environment.
need_engine = docker info >/dev/null 2>&1 || { \
	echo "error: no Docker engine answers; start Docker, or work without it: make compare, make test" >&2; exit 2; }

# The Compose files: those that COMPOSE_FILE names, here or in .env, or else the base file, the GPU's for GPU=1, and the
# embedded model server's where the image of TensorFlow Serving is not here and cannot be pulled.
define choose_files
if [ -z "$$COMPOSE_FILE" ] && ! grep -qs '^COMPOSE_FILE=' .env; then \
	export COMPOSE_FILE=docker-compose.yml$(if $(filter 1,$(GPU)),:docker-compose.gpu.yml); \
	image=$$(docker compose config --images tfserving-savedmodel | grep -v '^serveoff/'); \
	docker image inspect "$$image" >/dev/null 2>&1 || docker pull --quiet "$$image" 2>/dev/null || { \
		echo "NOTE: $$image is missing and cannot be pulled: the embedded model server stands in" \
			"and is not ranked" >&2; \
		COMPOSE_FILE=$$COMPOSE_FILE:docker-compose.embedded.yml$(if $(filter 1,$(GPU)),:docker-compose.embedded-gpu.yml); }; \
$(if $(filter 1,$(GPU)),else echo "NOTE: COMPOSE_FILE is set and GPU=1 adds nothing to it: name docker-compose.gpu.yml there" >&2; )fi
endef

# The address that a running service publishes, opened in a browser where there is one.
define open
address=$$(docker compose port $(1) $(2) 2>/dev/null) || { \
	echo "error: $(1) is not running; start the stack: make up" >&2; exit 2; }; \
echo "http://$$address"; \
if [ "$$(uname)" = Darwin ]; then open "http://$$address"; \
elif [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] && command -v xdg-open >/dev/null; then xdg-open "http://$$address"; fi
endef

# One service for each image: several services share one, and each that is built gives it another identity.
IMAGE_SERVICES := compare export flask-frozen-graph flask-onnx flask-torch-eager locust report tfserving-frozen-graph torchserve-torchscript

.DEFAULT_GOAL := help
.PHONY: help setup compare export verify list serve show report up down logs ps images locust reports \
	test test-fast test-long test-docker check format aa sensitivity ground-truth coverage bench-client bench-service bench-batching gpu scale lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## create the virtual environment (compare and test do it themselves)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11, 3.12 or 3.13 on PATH; name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "setting up $(VENV): about 4 GB, one to a few minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps --editable .
	@touch $@

compare: $(READY) ## train, export, serve, load-test and report (MODEL=name|a,b|all PROFILE=quick|default|full RUNTIME=local|docker GPU=1)
	@$(BIN)/serveoff run

export: $(READY) ## train the model and export it to every format
	@$(BIN)/serveoff export

verify: $(READY) ## check every artifact against the golden outputs
	@$(BIN)/serveoff verify

list: $(READY) ## list deployments and endpoints
	@$(BIN)/serveoff list

serve: $(READY) ## serve one deployment in the foreground (NAME=flask-torchscript)
	@$(BIN)/serveoff serve $(NAME)

show: $(READY) ## print the newest run's recommendation again (RUN=<id>)
	@$(BIN)/serveoff show $(or $(RUN),latest)

report: $(READY) ## render the newest run's report again (RUN=<id>)
	@$(BIN)/serveoff report $(or $(RUN),latest)

up: ## build and start the stack in containers, and wait until every service is healthy (GPU=1)
	@$(need_engine)
	@mkdir -p results
	@$(choose_files); docker compose build $(IMAGE_SERVICES) || exit 2; \
	echo "waiting until the models are exported and every server answers; make ps shows how far it is"; \
	docker compose up --wait --wait-timeout 900 || { \
		echo "error: the stack did not start; its output is above" >&2; \
		echo "  next: if it was only slow, run it again; make ps shows what is not healthy, make logs NAME=<service> why;" \
			"a port that is taken, cores and memory are settings in .env (see .env.example)" >&2; exit 2; }; \
	echo "Locust: http://$$(docker compose port locust 8089)  reports: http://$$(docker compose port report 8090)"

down: ## stop and remove the stack; its models stay in their volume
	@docker compose --profile '*' down --remove-orphans

logs: ## follow the logs of the stack, or of one service (NAME=flask-torchscript)
	@docker compose logs --follow --tail 100 $(NAME)

ps: ## list the containers of the stack, and whether they are healthy
	@docker compose ps --all

images: ## list the images that were built, and their sizes
	@$(need_engine)
	@docker images --filter 'reference=serveoff/*' --format 'table {{.Repository}}:{{.Tag}}\t{{.Size}}\t{{.CreatedSince}}'

locust: ## open the Locust of the stack
	@$(call open,locust,8089)

reports: ## open the report page of the stack
	@$(call open,report,8090)

# What measures is alone on the machine; the rest is tested several at a time, one more than the smallest machine has cores,
# for much of it waits.
# Tests that measure are collected where they lie, as tests/test_marks.py sees to: all of tests/ takes half a minute.
TEST_PROCESSES ?= 3
SLOWEST := --durations=40 --durations-min=3
test: $(READY) ## run every test that needs no Docker engine
	@echo "NOTE: tests that need a Docker engine are skipped; run them with: make test-docker"
	@echo "NOTE: long tests, of large models and of rarer cases, are skipped; run them with: make test-long"
	@failed=0; \
	$(BIN)/python -m pytest -m "not docker and not long and not alone" -n $(TEST_PROCESSES) --dist worksteal $(SLOWEST) || failed=1; \
	$(BIN)/python -m pytest tests/e2e tests/loadtests/generator tests/loadtests/distributed tests/loadtests/test_ground_truth.py -m "alone and not long" $(SLOWEST) || failed=1; \
	exit $$failed

test-long: $(READY) $(PEERS_READY) ## run the tests that take long: of large models, and of rarer cases
	@$(BIN)/python -m pytest -m long

test-docker: $(READY) ## run the tests that need a Docker engine
	@$(need_engine)
	@$(BIN)/python -m pytest tests/docker -m "docker and not long" $(SLOWEST)

test-fast: $(READY) ## run the tests that need no server and no training
	@$(BIN)/python -m pytest -m "not slow and not long and not browser and not docker"

check: $(READY) ## lint, format check and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench-client: $(READY) ## throughput and lateness of the load generator, compared with one greenlet per caller
	@$(BIN)/python -m benchmarks.bench_client

# Trials that take hours, or as many and as long as they are asked to be.
trials = $(if $(TRIALS),--trials $(TRIALS)) $(if $(MINUTES),--minutes $(MINUTES))

aa: $(READY) ## equal deployments, registered twice, are called equal: 2 hours (TRIALS=30 MINUTES=2)
	@$(BIN)/python -m benchmarks.aa $(trials) $(if $(FORMATS),--formats $(FORMATS))

sensitivity: $(READY) ## a copy that is 7% slower is called slower: 1 hour (TRIALS=10 MINUTES=5)
	@$(BIN)/python -m benchmarks.sensitivity $(trials)

ground-truth: $(READY) ## open and closed loops against a server of known latencies
	@$(BIN)/python -m benchmarks.ground_truth

coverage: $(READY) ## how often intervals hold the truth, and equal endpoints are called different
	@$(BIN)/python -m benchmarks.coverage

bench-service: $(READY) $(PEERS_READY) ## our Flask service compared with other Python servers
	@$(BIN)/python -m benchmarks.bench_service

bench-batching: $(READY) ## what micro-batching gains at 32 connections
	@$(BIN)/python -m benchmarks.bench_batching

gpu: $(READY) ## three formats on a CUDA GPU: devices, gate, verdicts, joules (needs PyTorch and ONNX Runtime with CUDA)
	@$(BIN)/python -m benchmarks.gpu

scale: $(READY) ## two replicas behind HAProxy against twice what one does: 3 minutes (needs Docker and haproxy; MINUTES=3)
	@$(BIN)/python -m benchmarks.scale $(if $(MINUTES),--minutes $(MINUTES))

# The peers' own packages come first, and PyTorch is the one of .venv: all compute with the same.
$(PEERS_READY): benchmarks/peers.txt $(READY)
	@echo "setting up $(PEERS): the servers that ours is held against"
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch-of-venv.pth"
	@touch $@

lock: ## pin the newest releases that pyproject.toml allows (needs the network)
	@rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@{ echo "# Written by \`make lock\` from pyproject.toml."; \
	   .venv-lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' | grep -v '^-e'; } > requirements.lock
	@rm -rf .venv-lock

clean: ## remove artifacts, results and reports (not the virtual environment)
	@rm -rf artifacts results reports .serveoff
