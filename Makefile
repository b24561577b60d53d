# make learn   the main job: a simulated arm learns a task from its cameras over ROS 2
# make test    checks and the whole test suite
# make setup   .venv and system libraries only (the others do it when needed)

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TASK ?= reach
JOBS ?= 2

# make learn RUN=mine SEED=1 BUDGET_S=600 ... : each is the option of `robot-rl learn` of that name.
OPTIONS := $(foreach o,RUN SEED DEMOS EPISODES BUDGET_S SUCCESS_THRESHOLD UTD PACE DOMAIN CONFIG VIEW REWARD \
	SUPERVISOR,\
	$(if $($(o)),--$(subst _,-,$(shell echo $(o) | tr A-Z a-z)) "$($(o))"))

.PHONY: learn eval test lint setup libraries

learn: setup
	@$(BIN)/robot-rl learn "$(TASK)" $(OPTIONS)

eval: setup
	@$(BIN)/robot-rl eval "$(if $(RUN),$(RUN),$(TASK))" $(if $(EPISODES),--episodes $(EPISODES)) $(if $(DOMAIN),--domain $(DOMAIN))

setup: $(VENV)/.installed libraries

libraries: $(VENV)/.installed
	@./scripts/system-libraries $(BIN)/python

test: setup $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --max-worker-restart=0

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11: give another one with PYTHON=python3.11." >&2; exit 2; }
	@./scripts/make-venv $(PYTHON) $(VENV)

$(VENV)/.installed: requirements/core.txt requirements/ros-wheels.txt setup.py setup.cfg | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/core.txt -r requirements/ros-wheels.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(wildcard requirements/*.txt) $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@
