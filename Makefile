# Two commands matter: `make run` starts everything on this machine, `make test` runs the whole suite.
.DEFAULT_GOAL := help
.PHONY: help setup run test check format bench proof lock
SHELL := /bin/sh
TEST_PROCESSES ?= 4

help:
	@echo "make run     the whole system in the foreground, with demo hotels (Ctrl-C ends it)"
	@echo "make test    the whole test suite"
	@echo "make check   format, lint, types, import rules"
	@echo "make format  put the sources into the house's format"
	@echo "make bench   benchmarks, one table of ratios"
	@echo "make proof   the long proofs at full size (PROOFS=name for one)"
	@echo "make lock    write requirements.lock anew from pyproject.toml"

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml cli/bootstrap.sh
	@cli/bootstrap.sh

run: setup
	@exec .venv/bin/holdfast up

test: setup
	@env -u PYTHONDONTWRITEBYTECODE .venv/bin/pytest -n $(TEST_PROCESSES) --dist loadgroup $(TESTS)

check: setup
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/pyrefly check
	@.venv/bin/lint-imports
	@.venv/bin/deptry .

format: setup
	@.venv/bin/ruff check --fix-only -q .
	@.venv/bin/ruff format .

bench: setup
	@.venv/bin/python -m bench

proof: setup
	@.venv/bin/python -m bench.proof $(PROOFS)

lock:
	@cli/bootstrap.sh lock
