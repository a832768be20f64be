# What one does with Grove: `make run`. Nothing but Python 3.11+ and make is needed; all else goes into .venv.

PYTHON      ?= python3
PYTEST_ARGS ?=

SHELL       := /bin/bash
.SHELLFLAGS := -o pipefail -ec

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --disable-pip-version-check
NEWS := { grep --line-buffered -v '^Requirement already satisfied' || true; }

.PHONY: run install install-dev install-lm-eval test lint format bench soak fuzz screenshots vendor messages constraints
.DEFAULT_GOAL := run

# Takes PORT (8000) and HUB_DATA_DIR (var), from the command line, the environment or .env.
run: install
	@exec $(BIN)/python -m hub.embedded

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Grove needs Python 3.11 or newer; PYTHON=… names another one." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

# torch first and alone: anything else that wants it unpinned then finds it in place.
$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Grove needs into $(VENV). The first installation takes minutes (torch alone is large)."
	@$(PIP) install --constraint constraints.txt "$$(grep -o '^torch==[^ ]*' requirements.txt)"
	@$(PIP) install --constraint constraints.txt --requirement requirements.txt | $(NEWS)
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements-lm-eval.txt $(VENV)/.installed
	@$(PIP) install --constraint constraints.txt --requirement requirements-dev.txt | $(NEWS)
	@touch $@

# What suites with `engine: lm_eval` need of a worker.
install-lm-eval: install
	@$(PIP) install --constraint constraints.txt --requirement requirements-lm-eval.txt | $(NEWS)

# One process per core; the tests of one group (a browser, one live hub) stay together.
test: install-dev
	@$(BIN)/python -m pytest -n logical --maxprocesses 8 --dist loadgroup $(PYTEST_ARGS)

lint: export HUB_DEBUG = true
lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy accounts models_registry evaluations hub manage.py
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev
	@$(BIN)/python -m benchmarks

soak: install-dev
	@$(BIN)/python -m pytest -m soak --timeout 0 $(PYTEST_ARGS)

# Made-up requests to every address; FUZZ_EXAMPLES of each operation.
fuzz: install-dev
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-300} $(BIN)/python -m pytest tests/fuzz --timeout 0 -n logical --maxprocesses 8 $(PYTEST_ARGS)

screenshots: export PAGES := $(PAGES)
screenshots: install-dev
	@$(BIN)/python -m pytest -m screenshots --timeout 0 -n 0 $(PYTEST_ARGS)

# Front-end libraries, from npm at pinned versions, into static/vendor with their licences and digests.
vendor: $(BIN)/python
	@$(BIN)/python -m hub.vendoring

# Collects the texts of pages for translation and compiles what is translated (needs gettext). Both files are committed.
messages: install-dev
	@HUB_DEBUG=true $(BIN)/python manage.py makemessages --all --no-wrap --no-location -i 'var/*' -i '.venv/*' -i 'tests/*' -i 'benchmarks/*'
	@HUB_DEBUG=true $(BIN)/python manage.py compilemessages -i '.venv'

# Renews constraints.txt from this environment, after a pin in requirements*.txt was changed.
constraints: install-dev
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --all --exclude grove | sed -e '/^pip==/d' -e 's/+cpu$$//'; } > constraints.new
	@mv constraints.new constraints.txt
