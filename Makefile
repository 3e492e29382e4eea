# make demo    set everything up and cut out real photographs into demo-output/
# make test    set everything up and run linters, type checks and the fast tests
# make slow    the slow tests as well, without the real editors
# make hosts   the tests that drive real editors
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# onnxruntime-gpu where an NVIDIA driver is present
RUNTIME := $(if $(wildcard /proc/driver/nvidia/version),gpu,cpu)
SETUP := pyproject.toml constraints.txt
# as many at a time as there are processors; tests of one group in one process, one after the other
PYTEST := $(BIN)/python -m pytest -q
TOGETHER := -n auto --maxprocesses 4 --dist loadgroup

.PHONY: demo test slow hosts lint clean

demo: $(VENV)/.demo
	$(BIN)/python -m matteplug_batch.demo demo-output

test: lint
	$(PYTEST) $(TOGETHER) -m "not slow and not host and not alone"
	$(PYTEST) -m "alone and not slow and not host"

slow: $(VENV)/.dev
	$(PYTEST) $(TOGETHER) -m "slow and not host"

hosts: $(VENV)/.dev
	$(PYTEST) $(TOGETHER) -m "host and not alone"
	$(PYTEST) -m "host and alone"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python $(SETUP)
	@echo "Installing matteplug[$(RUNTIME),demo] into $(VENV)"
	$(PIP) install -c constraints.txt -e ".[$(RUNTIME),demo]"
	@touch $@

$(VENV)/.dev: $(BIN)/python $(SETUP)
	@echo "Installing matteplug[$(RUNTIME),dev] into $(VENV)"
	$(PIP) install -c constraints.txt -e ".[$(RUNTIME),dev]"
	@touch $@

clean:
	rm -rf $(VENV) build dist demo-output
