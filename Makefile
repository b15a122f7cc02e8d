# Every target sets up what it needs in .venv, from a fresh clone; the second time it is quick.
# Nothing here is needed elsewhere: `pip install .`, `elman demo` and `python -m pytest` do the same.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-all clean

demo: .venv/ready
	$(BIN)/elman demo --force

test: .venv/ready
	$(BIN)/python -m pytest

test-all: .venv/ready
	$(BIN)/python -m pytest --long

# A torch that is there stays: it is installed only where none can be imported, and is not constrained after that.
.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -c "import torch" 2>/dev/null || $(BIN)/python -m pip install --constraint constraints.txt torch
	grep -v '^torch==' constraints.txt > .venv/constraints.txt
	$(BIN)/python -m pip install --constraint .venv/constraints.txt --editable '.[dev]'
	touch .venv/ready

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
