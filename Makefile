# `make run` and `make test` do all set-up themselves: see portal/bootstrap.py.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test lint types bench requirements setup setup-test
ROWS ?= 100000
# Tests have servers of their own: a running instance neither sees nor disturbs them.
test: export ACCORD_VAR ?= $(CURDIR)/var/test
BIN := .venv/bin

# The environment's own Python once there is one, else the best of the system's.
define bootstrap
	@for python in $(BIN)/python python3.13 python3.12 python3.11 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec $$python -I portal/bootstrap.py $(1); fi; \
	done; echo 'Accord needs Python 3.11 or newer. On Debian or Ubuntu: apt-get install python3 python3-venv' >&2; exit 1
endef

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 16

run: setup ## start Accord here; Ctrl-C stops all of it
	@exec $(BIN)/python manage.py run

test: setup-test ## linters, types, import contracts, migrations and every test
	@failed=; \
	$(MAKE) --no-print-directory lint || failed="$$failed lint"; \
	$(MAKE) --no-print-directory types || failed="$$failed types"; \
	$(BIN)/python manage.py makemigrations --check --dry-run || failed="$$failed migrations"; \
	$(BIN)/pytest || failed="$$failed pytest"; \
	if [ -n "$$failed" ]; then echo "Failed:$$failed" >&2; exit 1; fi

lint: setup-test ## ruff, djlint, import contracts
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/lint-imports --no-logo || failed=1; \
	$(BIN)/djlint templates --lint --quiet || failed=1; \
	exit $$failed

types: setup-test ## mypy
	@$(BIN)/mypy

bench: setup-test ## the performance table; ROWS=1000000 sets the size, ONLY=imports leaves the rest out
	@exec $(BIN)/python -m bench --rows $(ROWS) $(if $(ONLY),--only $(ONLY))

requirements: ## pin requirements.txt and tests/requirements.txt anew, with hashes; needs uv
	@compile='uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --no-config --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements"'; \
	eval "$$compile requirements.in -o requirements.txt" && \
	cd tests && eval "$$compile requirements.in -o requirements.txt"

setup:
	$(call bootstrap,run)

setup-test:
	$(call bootstrap,test)
