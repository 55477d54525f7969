# Two commands are all that a fresh machine needs: `make demo` and `make test`.
# Each sets itself up from nothing but Python 3.11 or newer; `make help` lists the rest.

PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,$(if $(shell $(p) -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null | grep True),$(p))))
VENV := .venv
BIN := $(VENV)/bin
TESTS ?= tests
# Twice as many as there are cores: half of the time a test waits for a socket or a process.
WORKERS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
MINUTES ?= 60
CORE := $(patsubst %,tests/conformance/test_%.py,engine exchange gates judge observation record redaction rejudge sofar verdict)

.PHONY: demo test check wheel bench soak load peers proof real-time mutants coverage reference screenshots
.PHONY: format clean help
.DEFAULT_GOAL := help

demo: $(VENV)/.installed  ## certify a droplet against the fakes, and leave the report
	$(BIN)/udckit certify --launch '$(BIN)/udckit fakes droplet --port {port}' --stages shape

test: $(VENV)/.ready  ## set up, and run every test, some at a time
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(TESTS)

check: $(VENV)/.ready  ## lint, types, layers, and the built wheel at work
	$(BIN)/tox run-parallel --parallel auto --parallel-no-spinner -e lint,types,layers,wheel

wheel: $(VENV)/.ready  ## install the built wheel, and certify from it in an empty folder
	$(BIN)/tox run -e wheel

bench: $(VENV)/.ready  ## measure what is claimed about speed, as ratios in one run
	$(BIN)/python benchmarks/bench_certify.py
	$(BIN)/python benchmarks/bench_security.py
	$(BIN)/python benchmarks/bench_fakes.py
	$(BIN)/python benchmarks/bench_reports.py
	$(BIN)/python benchmarks/bench_scenarios.py
	$(BIN)/python benchmarks/bench_generated.py

soak: $(VENV)/.ready  ## the accelerated run twenty times under load: the same verdicts; fifty seeds explored: nothing found
	$(BIN)/python -m benchmarks.soak
	$(BIN)/python benchmarks/soak_generated.py

load: $(VENV)/.ready  ## 50,000 requests of droplets against the fakes, and what became of them
	$(BIN)/python -m pip install --quiet --group load
	$(BIN)/python benchmarks/load_fakes.py

mutants: $(VENV)/.ready  ## change the kit itself, and see whether its tests fail
	$(BIN)/python -m pip install --quiet --group mutation
	PYTHONPATH=tests $(BIN)/python -m mutation --minutes $(MINUTES)

coverage: $(VENV)/.ready  ## branches of the core that tests run through, and the least that is let through
	$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/python -m pytest -q -n 0 --cov --cov-config=pyproject.toml --cov-report=term-missing:skip-covered $(CORE)

real-time: $(VENV)/.ready  ## each fault of behaviour on a real process in real time, and write docs/real-time.md
	PYTHONPATH=tests $(BIN)/python -m proof.real_time

reference: $(VENV)/.ready  ## write docs/reference anew from the data
	$(BIN)/python -m udckit.specs._reference docs/reference

peers: $(VENV)/.ready  ## the same faults before the kit and what people would use instead
	$(BIN)/python -m pip install --quiet --group peers
	PYTHONPATH=tests $(BIN)/python -m benchmarks.peers --minutes $(MINUTES)

proof: $(VENV)/.ready  ## measure what is caught and who is blamed wrongly, and write docs/detection.md
	PYTHONPATH=tests $(BIN)/python -m proof --minutes $(MINUTES)

screenshots: $(VENV)/.ready  ## take the pictures of the report in docs/screenshots anew (wants Chromium)
	cd tests && ../$(BIN)/python -m report_support.screenshots

format: $(VENV)/.ready  ## let ruff put every file into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what these targets made
	rm -rf $(VENV) .tox build dist udckit-report src/udckit.egg-info

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 10

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "udckit needs Python 3.11 or newer, and none is on the PATH."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.ready: pyproject.toml tests/fleet/requirements.txt examples/reference_droplet/requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable . --group dev \
	  --requirement tests/fleet/requirements.txt --requirement examples/reference_droplet/requirements.txt
	@touch $@ $(VENV)/.installed
