# make check   sets up, compiles, and runs the main job on both protocols
# make test    sets up, lints, and runs the project's tests, interpreted and compiled
# make docs    tests what the pages say, and builds the site of them, with the API, into build/site
# PROOFS=all   with make check: prove everything again, and not only what changed and a sample of the rest
# PURE=1       anywhere: no C compiler, the specification stays pure Python

PYTHON ?= python3
PURE ?=
PROOFS ?= sample
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(shell $(PYTHON) -c 'import tomllib; \
	print(*tomllib.load(open("pyproject.toml", "rb"))["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])')
SOURCES := $(shell find $(PACKAGES) tests/golden docs/findings -type f -not -name '*.pyc') pyproject.toml README.md LICENSE
MODE := $(if $(PURE),interpreted,compiled)
WHEEL := $(VENV)/wheel-$(MODE)
STAMP := $(VENV)/installed-$(MODE)

# The compiled modules are one library that calls itself: let it do so directly. About a tenth of a step.
ifeq ($(shell uname -s),Linux)
export CFLAGS ?= -fno-semantic-interposition
export LDFLAGS ?= -Wl,-Bsymbolic
endif

# Packages are installed without bytecode, most of which nobody needs: whatever is imported is compiled once, and kept.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup lock cases pages check test lint bench docs clean

setup: $(STAMP)

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The compiler's own packages come first: it runs while the others are installed.
$(VENV)/builder: pyproject.toml .ci/build.lock
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --no-compile --require-hashes --requirement .ci/build.lock
	touch $@

$(VENV)/tools: $(VENV)/builder requirements.lock
	$(INSTALL) --no-compile --require-hashes --requirement requirements.lock
	touch $@

# By hand, after an edit of the dependencies: tests/test_lock.py says when.
lock:
	$(INSTALL) "uv>=0.9"
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-annotate --extra dev --extra risk pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-annotate --group build --constraint requirements.lock --output-file .ci/build.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-annotate --group docs --output-file docs/requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--no-annotate --group release --output-file .ci/release.lock

# The wheel is built from the sdist, in a folder of its own: no compiled module is left beside the source it came from.
$(WHEEL): $(VENV)/builder $(SOURCES)
	rm -rf build/dist $(VENV)/wheel-* $(VENV)/installed-*
	$(if $(PURE),HATCH_BUILD_NO_HOOKS=true) $(BIN)/python -m build --no-isolation --outdir build/dist . > build.log 2>&1 \
		|| { tail -n 30 build.log; exit 1; }
	rm -f build.log
	touch $@

$(STAMP): $(VENV)/builder requirements.lock $(SOURCES)
	$(MAKE) --no-print-directory --jobs=2 $(WHEEL) $(VENV)/tools
	$(INSTALL) --force-reinstall --no-deps build/dist/*.whl
	touch $@

check: $(STAMP)
	$(BIN)/restake check --proofs $(PROOFS)

lint: $(VENV)/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Interpreted: the working tree comes first on the path. Compiled: only what is installed is there.
test: $(STAMP) $(VENV)/npm/done lint
	$(BIN)/python -m compileall -q $(PACKAGES)
	PYTHONPATH=. RESTAKE_EXPECT=interpreted $(BIN)/pytest --numprocesses auto --dist worksteal -m "not installed and not serial and not nightly"
	PYTHONPATH=. RESTAKE_EXPECT=interpreted $(BIN)/pytest -m "serial and not nightly"
	RESTAKE_EXPECT=$(MODE) $(BIN)/pytest --numprocesses auto --dist worksteal -m "not source and not serial and not nightly"
	RESTAKE_EXPECT=$(MODE) $(BIN)/pytest -m "not source and serial and not nightly"

# What tests of the real contracts run. Where there is no npm they are skipped, and say so.
$(VENV)/npm/done: tests/npm/package-lock.json $(VENV)/tools
	mkdir -p $(VENV)/npm
	cp tests/npm/package.json tests/npm/package-lock.json $(VENV)/npm
	if command -v npm > /dev/null; then \
		npm ci --prefix $(VENV)/npm --ignore-scripts --no-audit --no-fund --loglevel error; fi
	touch $@

# By hand, after a call or a reason is added: conformance/*.cases.json, by long walks.
cases: $(STAMP)
	PYTHONPATH=. $(BIN)/python -P -m harness.drawing_cases $(PROTOCOL)

# By hand, after a law, a call or a field is added: what the docs say of them, from the declarations.
pages: $(VENV)/tools
	PYTHONPATH=. $(BIN)/python -P -m harness.law_tables
	for protocol in eigenlayer symbiotic; do PYTHONPATH=. $(BIN)/python -P -c 'from harness.cli import main; main()' \
		new-trace $$protocol --fields > docs/traces_$$protocol.md || exit 1; done

bench: $(STAMP)
	$(BIN)/python -P -m harness.bench

docs: $(STAMP) $(VENV)-docs/tools
	PYTHONPATH=. $(BIN)/pytest tests/test_docs.py
	$(VENV)-docs/bin/mkdocs build --strict

$(VENV)-docs/tools: docs/requirements.lock
	$(PYTHON) -m venv $(VENV)-docs
	$(VENV)-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement docs/requirements.lock
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-docs build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
