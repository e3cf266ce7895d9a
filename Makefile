# Everything from a plain shell: each target sets up what it needs in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# quicker than pip, which only installs it
# the certificates of the system, as pip takes them
UV := UV_SYSTEM_CERTS=true VIRTUAL_ENV=$(VENV) $(BIN)/uv --quiet

.DEFAULT_GOAL := help
.PHONY: help run site test test-all test-matrix results lint lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY)  ## the four sites on PostgreSQL, with demo players; Ctrl-C stops all
	@$(BIN)/workbench serve

site: $(READY)  ## build the site from what results/ holds; `make run` serves it
	@$(BIN)/workbench site

test: $(READY)  ## the suite on all four variants, then the tests of the workbench itself
	@$(BIN)/pytest; suite=$$?; $(BIN)/pytest tests -n 2 --dist loadfile $(ALL) && exit $$suite

test-all: ALL := --all
test-all: test  ## the same with all exhaustive tests, of which `make test` runs a sample

# what Django and PostgreSQL may change: the suite, and the tests that run real code of both
test-matrix: $(READY)  ## the suite on every Django and on PostgreSQL 15; moves, notebooks, sites and tutorial on the newest
	@$(BIN)/workbench matrix
	@$(BIN)/workbench matrix --django 5.2 --postgresql 15
	@python=$$($(BIN)/python -m workbench.matrix.newest) && $$python -m pytest tests/test_moves*.py \
		tests/test_notebooks.py tests/test_browser.py -n 2 --dist loadfile
	@TUTORIAL_DJANGO=newest $(BIN)/pytest tests/test_tutorial.py

PART ?= answers bench moves
results: $(READY)  ## measure what results/ holds, or one part: PART=answers, bench or moves; about an hour
	@for part in $(PART); do \
		case $$part in \
			answers) $(BIN)/workbench matrix --record ;; \
			bench) $(BIN)/workbench bench --record ;; \
			moves) $(BIN)/workbench move record ;; \
			*) echo "There is no part $$part: PART is answers, bench or moves." >&2; exit 2 ;; \
		esac || exit $$?; \
	done

lint: $(READY)  ## ruff, mypy, which part may import which, and the prose
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/python tests/prose.py

lock: $(READY)  ## resolve pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --upgrade \
		--python-version 3.11 --custom-compile-command "make lock" --quiet -o requirements.lock
	@$(BIN)/python -m workbench.matrix.environments | while read -r django python; do \
		echo "Django==$$django.*" | $(BIN)/uv pip compile - --group pyproject.toml:suite --universal --generate-hashes \
			--upgrade --python-version "$$python" --no-annotate --custom-compile-command "make lock" --quiet \
			-o "workbench/matrix/django-$$django.lock" || exit 1; done

clean:  ## remove what was built: .venv, build, the embedded PostgreSQL and its data
	@rm -rf $(VENV) build .postgres .mypy_cache .ruff_cache .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say which one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@echo "Setting up $(VENV) (once, about half a minute) ..."
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@sed -n '/^uv==/,/[^\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	@$(UV) pip install --require-hashes -r requirements.lock \
		|| { echo "uv failed. Trying pip, which has its own settings ..."; \
			$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m workbench.notebook.clean --filter
	@touch $@
