VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin

.PHONY: install demo test coverage lint bench clean

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

install: $(VENV)/.installed

demo: install ## the circle with three sample companies and the Moodle twin
	$(BIN)/moodle-connector demo

test: install ## every test; under twenty minutes on two cores
	$(BIN)/pytest -n 3 --dist worksteal

coverage: install ## the same with what it covers, which takes a third longer
	$(BIN)/pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered

lint: install ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install ## figures, as a table and as JSON
	$(BIN)/python -m tests.bench $(BENCH)

clean:
	rm -rf $(VENV) dist build
