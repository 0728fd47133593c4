# Every target leaves a virtual environment in .venv, made from pyproject.toml the first time and
# brought up to date when that file changes. PYTHON=/path/to/python3 chooses the interpreter.

VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYTHON ?= $(shell command -v python3.11 || command -v python3)
FILE   ?= topology.yaml

.DEFAULT_GOAL := help
.PHONY: help setup up test bench schemas clean

help:           ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

setup: $(STAMP) ## create .venv and install Pitwire into it

$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "Pitwire needs Python 3.11 or newer, and there is none:" \
		"install it, or run make with PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Pitwire needs Python 3.11 or newer, and $(PYTHON) is" \
		"$$("$(PYTHON)" -V 2>&1): run make with PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu install" \
		"python3-venv" >&2; exit 1; }
	@echo "installing Pitwire into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

up: setup       ## run the default deployment; FILE=topologies/fused.yaml runs another
	@exec $(BIN)/pitwire -f $(FILE) up

test: setup     ## run all tests; ARGS="tests/book -x" runs some
	$(BIN)/python -m pytest $(ARGS)

bench: setup    ## run the benchmarks; ARGS="--quick" makes it short
	$(BIN)/python -m bench $(ARGS)

schemas: setup  ## regenerate schemas/generated (needs flatc), docs/protocols, the topology's schema
	$(BIN)/python -m schemas.generate
	$(BIN)/python -m schemas.venue.document
	$(BIN)/pitwire schema -o launcher/topology.schema.json

clean:          ## remove what was built: .venv, caches, compiled kernels
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
