# Everything a checkout needs. Each target does its own set-up: a bare machine with
# Python 3.11, pip and make is enough.

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP := $(VENV)/.set-up
ARGS ?=
# Tests mostly wait, for services and a database: ten at a time keep two processors busy.
TESTS_AT_ONCE ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); \
  test "$$n" -ge 10 || n=10; echo "$$n")

# A proxy that inspects TLS is known to the system, not to the lists that pip and uv bring along.
export UV_SYSTEM_CERTS ?= true
SYSTEM_CERTS := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt \
  /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem))
ifneq ($(SYSTEM_CERTS),)
export PIP_CERT ?= $(SYSTEM_CERTS)
endif
NOT_FETCHED := The packages could not be fetched: see above. Behind a proxy that inspects TLS, add its \
  certificate to the system, or set SSL_CERT_FILE=FILE PIP_CERT=FILE; then run make setup again.

# Where this is set, each of the many processes compiles all of its libraries anew: seconds each.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test lint audit sbom format bench docs clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make the virtual environment .venv with everything in it.

$(STAMP): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.11 setup"; exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@test -x $(UV) || { echo "Fetching uv, which fetches the packages"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.13"; } || \
	  { echo "$(NOT_FETCHED)"; exit 1; }
	@echo "Fetching and installing the packages that uv.lock names: a minute or some"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(UV) sync --quiet --active --frozen --inexact --all-extras || \
	  { echo "$(NOT_FETCHED)"; exit 1; }
	@touch $(STAMP)

browser: ## Install Chromium from the packages of Debian or Ubuntu, where there is none.
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  echo "Installing Chromium, in which the tests look at the console"; \
	  become=; test "$$(id -u)" = 0 || become="sudo -n"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  $$become apt-get install -qq -y --no-install-recommends chromium >/dev/null 2>&1 || { \
	    $$become apt-get update -qq && \
	    $$become apt-get install -qq -y --no-install-recommends chromium >/dev/null; } || \
	  { echo "Chromium is not here and could not be installed: install the package chromium."; \
	    exit 1; }; }

demo: setup ## Both simulators, the service, and a story told between them. ARGS="--exit" ends by itself.
	$(BIN)/ml-connector demo $(ARGS)

test: setup browser ## Run all tests, a file at a time in each process. ARGS="tests/flows" for some.
	$(BIN)/pytest -n $(TESTS_AT_ONCE) --dist loadfile $(ARGS)

lint: setup audit ## Check style, types, the direction of imports, and the packages.
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# uv answers 1 for a known vulnerability, 2 where nobody can be asked.
audit: setup ## Look the locked packages up among known vulnerabilities, where that can be asked.
	@found=$$(VIRTUAL_ENV=$(CURDIR)/$(VENV) UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=20 \
	  $(UV) audit --frozen --preview-features audit-command 2>&1); status=$$?; \
	  case $$status in \
	    0) echo "No known vulnerability in the locked packages." ;; \
	    2) echo "The locked packages were not looked up: nobody answers who knows of vulnerabilities." ;; \
	    *) echo "$$found"; exit $$status ;; \
	  esac

sbom: setup ## Write what the product is made of into dist/sbom.cdx.json (CycloneDX).
	@mkdir -p dist
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) export --frozen --quiet --no-default-groups --all-extras \
	  --preview-features sbom-export --format cyclonedx1.5 --output-file dist/sbom.cdx.json
	@echo dist/sbom.cdx.json

format: setup ## Format the code.
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: setup ## The project's own measurements, as ratios to the floor of this machine.
	$(BIN)/ml-connector bench all $(ARGS)

docs: setup ## Build the documentation into site/.
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) sync --quiet --active --frozen --inexact --all-extras --group docs
	$(BIN)/zensical build

clean: ## Remove what was built; the data folder stays.
	rm -rf $(VENV) site dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
