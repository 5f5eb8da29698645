# The other targets run `make setup` if needed. After it, demo, test, bench, lint, types and docs download nothing.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
USER_WORKFLOWS := $(wildcard examples/workflows/*.yml)
export PATH := $(PATH):$(CURDIR)/.pulumi-cli/bin
# With this variable, each of the hundreds of processes in the tests would compile the project again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-all interpreters floors lint types docs dist package bench soak faults languages conformance lock clean

setup: $(READY)

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@echo "Installing the packages of requirements-dev.txt into .venv. This takes a few minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	$(BIN)/python -m simulator.install_cli
	touch $@
	@echo "The packages are installed."

demo: $(READY)
	$(BIN)/python -m simulator demo

test: $(READY)
	$(BIN)/pytest -n 4 --dist worksteal

test-all: $(READY)
	$(BIN)/pytest -n 4 --dist worksteal -m "not conformance"

# These two use other virtual environments.
interpreters: $(READY)
	.ci/interpreters

floors: $(READY)
	.ci/floors

lint: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	PYTHONPATH=components:plugin $(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/zizmor --offline --quiet . $(USER_WORKFLOWS)
	@if command -v actionlint; then actionlint .github/workflows/*.yml $(USER_WORKFLOWS); else echo "actionlint is not installed, so it did not check the workflows."; fi

types: $(READY)
	$(BIN)/mypy

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

dist: $(READY)
	rm -rf build dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/twine check --strict dist/*

package: dist
	.ci/package whl -n 4 --dist worksteal
	.ci/package tar.gz -n 4 --dist worksteal

bench: $(READY)
	$(BIN)/python -m benchmarks

soak: $(READY)
	$(BIN)/python -m tests.faults.soak

faults: $(READY)
	$(BIN)/pytest tests/faults -m "slow or not slow" --write-reliability
	$(BIN)/pytest tests/end_to_end/test_no_unexpected_deletes.py tests/stacks -n 3 -m "slow or not slow" --write-reliability

languages: $(READY)
	$(BIN)/pytest tests/languages -m "slow or not slow" --write-languages

conformance: $(READY)
	$(BIN)/pytest tests/conformance -m conformance

# Pins the packages of the workflows, with hashes. Needs uv.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
lock:
	echo "setuptools>=77" | $(LOCK) --extra cli pyproject.toml - --output-file pipelines/requirements.txt
	printf "build>=1.6\nsetuptools>=77\ntwine>=7\n" | $(LOCK) - --output-file .ci/build.txt

clean:
	rm -rf .venv .venv-* .pulumi-cli .simulator build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
