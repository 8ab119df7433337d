# `make demo` shows Lumbar at work, `make test` runs its tests. Both set everything up in this folder.
export UV_PYTHON_DOWNLOADS = never
# A set PYTHONDONTWRITEBYTECODE makes every start compile the libraries again (7 s instead of 3).
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
UV := $(shell command -v uv || echo .uv/bin/uv)
RUN := .venv/bin/

.PHONY: demo test proof check benchmark lock clean

demo: .venv/.wearer
	$(RUN)lumbar demo

# A file of tests stays in one process, so that nothing its tests share is made twice.
test: .venv/.developer
	$(RUN)pytest -n 2 --dist loadfile -m "not slow"

# Proofs that take minutes: an hour of every sensor through everything that goes wrong.
proof: .venv/.developer
	$(RUN)pytest -n 2 -m slow

check: .venv/.developer
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports

benchmark: .venv/.developer
	$(RUN)python benchmarks/run.py

lock: $(UV)
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --output-file requirements.lock
	$(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra dev --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock

clean:
	rm -rf .venv .uv

.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv

.venv/pyvenv.cfg: | $(UV)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv

.venv/.wearer: .venv/pyvenv.cfg requirements.lock pyproject.toml
	$(UV) pip install --quiet --require-hashes -r requirements.lock
	$(UV) pip install --quiet --no-deps --editable .
	touch $@

.venv/.developer: .venv/pyvenv.cfg requirements-dev.lock pyproject.toml
	$(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	$(UV) pip install --quiet --no-deps --editable .
	touch $@
