# make up | down | test | check | interop | live | soak | soak-log | tamper | attacks | demo. Nothing but Python 3.11 and make must be there before.

DETACH ?= 0
DEMO ?= 1
KILLS ?= 200
LOG_ROUNDS ?= 20
WORKERS ?= 2
TAMPERINGS ?= 10000
BIN := .venv/bin

.PHONY: up down demo test check soak soak-log interop live tamper attacks install

up: install
	@DEMO=$(DEMO) exec $(BIN)/python -m govbus.local up $(if $(filter 1,$(DETACH)),--detach)

down: install
	@$(BIN)/python -m govbus.local down

demo: install
	@$(BIN)/python -m govbus.local demo

# WORKERS pytest processes, each with servers of its own; tests of one file stay together, whole stacks are one worker's.
test: install
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not live"

# Every file of the samples folder (GOVBUS_SAMPLES) and what became of it, as a table.
interop: install
	@$(BIN)/python -m pytest -q -m interop tests/interop

# Real MLflow, OpenLineage, Evidently and Great Expectations against a running stack; installs them aside, once.
live: install
	@$(BIN)/python -m pytest -m live tests/live tests/recipes

# What a commit must pass, in under two minutes.
check: install
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n auto -m "not system and not browser and not kafka and not postgres and not processes and not npm and not live"

# The crash test in its long form: every service, PostgreSQL and Kafka killed KILLS times.
soak: install
	@GOVBUS_SOAK_KILLS=$(KILLS) $(BIN)/python -m pytest -m system tests/system

# A stored log, tampered with TAMPERINGS times: each must be found and located.
tamper: install
	@GOVBUS_TAMPERINGS=$(TAMPERINGS) $(BIN)/python -m pytest -q -s tests/audit_log/test_tampering.py

# Every way we know to change the log in PostgreSQL, by role: refused by what, or found by fsck as what; as a table.
attacks: install
	@$(BIN)/python -m pytest -q -s tests/audit_log/test_attack_matrix.py

# The audit log's crash test in its long form: every fault point LOG_ROUNDS times, one of two processes frozen at more of them.
soak-log: install
	@GOVBUS_SOAK_LOG_ROUNDS=$(LOG_ROUNDS) $(BIN)/python -m pytest -q tests/audit_log/test_faults.py tests/audit_log/test_two_sequencers.py

install:
	@sh infra/local/install.sh
