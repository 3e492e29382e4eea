# `make` or `make help` lists what can be made; .venv is set up as needed.
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

.PHONY: help demo test slow hosts man lint docs packages release-check clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "make %-14s %s\n", $$1, $$2 }'

demo: $(VENV)/.demo  ## cut real photographs out into demo-output/
	$(BIN)/python -m matteplug_batch.demo demo-output

test: lint  ## run linters, type checks and the fast tests
	$(PYTEST) $(TOGETHER) -m "not slow and not host and not alone"
	$(PYTEST) -m "alone and not slow and not host"

slow: $(VENV)/.dev  ## run the slow tests, without the real editors
	$(PYTEST) $(TOGETHER) -m "slow and not host"

hosts: $(VENV)/.dev  ## run the tests that drive real editors; on Linux, as root
	$(PYTEST) $(TOGETHER) -m "host and not alone"
	$(PYTEST) -m "host and alone"

man: $(VENV)/.dev  ## write the manual page, build/matteplug.1
	mkdir -p build
	$(BIN)/argparse-manpage --module matteplug.cli --function parser --project-name matteplug \
		--output build/matteplug.1

lint: $(VENV)/.dev  ## run ruff, mypy and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev  ## build the documentation site into site/; warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet
	@echo "Open site/index.html"

packages: $(VENV)/.dev  ## build sdist, wheel, and the packages for GIMP and Krita into dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python release/host_packages.py dist

release-check: $(VENV)/.release packages  ## check metadata, contents and licences; install and use each package
	$(BIN)/python -m twine check --strict dist/*.whl dist/*.tar.gz
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/reuse lint --quiet || $(BIN)/reuse lint
	$(BIN)/python release/check.py dist
	@! grep -q "matteplug\.example" pyproject.toml || echo "Before publishing: set the real addresses in pyproject.toml (matteplug.example stands for them)."

clean:  ## remove everything that was made
	rm -rf $(VENV) build dist demo-output site

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

$(VENV)/.release: $(VENV)/.dev
	@echo "Installing matteplug[release] into $(VENV)"
	$(PIP) install -c constraints.txt -e ".[release]"
	@touch $@
