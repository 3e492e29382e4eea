# make demo    set everything up and cut out real photographs into demo-output/
# make test    set everything up and run linters, type checks and the fast tests
# make slow    the slow tests as well, without the real editors
# make hosts   the tests that drive real editors
# make man     the manual page, build/matteplug.1
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# where an NVIDIA driver is present, its wheel takes the place of the CPU's
ifneq ($(wildcard /proc/driver/nvidia/version),)
EXCHANGE_RUNTIME = $(PIP) uninstall -y onnxruntime && $(PIP) install "onnxruntime-gpu[cuda,cudnn]"
endif
SETUP := pyproject.toml constraints.txt
# as many at a time as there are processors; tests of one group in one process, one after the other
PYTEST := $(BIN)/python -m pytest -q
TOGETHER := -n auto --maxprocesses 4 --dist loadgroup

.PHONY: demo test slow hosts man lint clean

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

man: $(VENV)/.dev
	mkdir -p build
	$(BIN)/argparse-manpage --module matteplug.cli --function parser --project-name matteplug \
		--output build/matteplug.1

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python $(SETUP)
	@echo "Installing matteplug[demo] into $(VENV)"
	$(PIP) install -c constraints.txt -e ".[demo]"
	$(EXCHANGE_RUNTIME)
	@touch $@

$(VENV)/.dev: $(BIN)/python $(SETUP)
	@echo "Installing matteplug[dev] into $(VENV)"
	$(PIP) install -c constraints.txt -e ".[dev]"
	$(EXCHANGE_RUNTIME)
	@touch $@

clean:
	rm -rf $(VENV) build dist demo-output
