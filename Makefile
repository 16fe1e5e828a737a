# Every command of this repository; `make help` prints them. Each does its own set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(VIRTUAL_ENV)/bin:$(PATH)
export PYO3_PYTHON := $(VIRTUAL_ENV)/bin/python
export PYTHON

SIZE ?= 1GB
ROUNDS ?= 3
SECONDS_EACH ?= 60

##@ Start
.PHONY: help setup build torch
help: ## print this list
	@awk -f scripts/help.awk $(MAKEFILE_LIST)

setup: $(VENV)/ready ## virtual environment, dependencies, the extension (PYTHON= names an interpreter)

$(VENV)/ready: pyproject.toml scripts/need-tools.sh scripts/make-venv.sh
	scripts/need-tools.sh
	scripts/make-venv.sh $(VENV)
	maturin develop --release --extras dev
	touch $@

build: setup ## compile the core, optimised, into python/git_theta
	maturin develop --release --skip-install

torch: setup ## add torch, several GB, so that the tests marked torch run
	pip install --quiet "$$(python scripts/requirement.py torch)"

##@ Try
.PHONY: demo bench
demo: build ## the main job on a real model, or on CHECKPOINT=path
	python -m scripts.demo $(if $(CHECKPOINT),"$(CHECKPOINT)")

bench: build ## side by side with git-lfs (SIZE=1GB ROUNDS=3)
	python -m benches.side_by_side --size $(SIZE) --rounds $(ROUNDS)

##@ Test
.PHONY: test test-rust test-py test-torch e2e props fuzz
test: test-rust test-py ## every test; those marked torch only if torch is there

test-rust: setup ## the core's tests
	cargo test --locked

test-py: build ## the Python tests, end to end ones included
	pytest -n auto

test-torch: torch build ## only the tests against a real torch
	pytest -m torch

e2e: build ## only the tests that drive git
	pytest -n auto tests/e2e

props: build ## properties with many examples
	PROPTEST_CASES=5000 cargo test --locked --release
	HYPOTHESIS_PROFILE=many pytest tests/properties --timeout 3600

fuzz: setup ## each parser for a minute (SECONDS_EACH=60)
	rust/core/fuzz/run.sh $(SECONDS_EACH)

##@ Keep tidy
.PHONY: fmt style fast lint check clean
fmt: setup ## format both languages
	cargo fmt --all
	ruff check --fix-only --quiet .
	ruff format .

style: setup
	cargo fmt --all --check
	ruff format --check .
	ruff check .

fast: style ## the checks that take seconds
	cargo clippy --locked -- -D warnings

lint: build style ## every check of types, style and documents
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	mypy
	stubtest git_theta._core
	if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; fi

check: lint test ## what continuous integration runs

clean: ## everything that was built
	rm -rf target dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find python tests benches scripts -name __pycache__ -prune -exec rm -rf {} +
	rm -f python/git_theta/_core*.so
