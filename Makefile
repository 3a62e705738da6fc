# make report · make test · make notebooks · make check · make lab · make demands
PY := .venv/bin/python
READY := .venv/.ready

.PHONY: report test notebooks check lab demands gallery lock clean

report: $(READY)   ## the inbox if it has files, else the sample: the last full month's report
	@.venv/bin/crm run --period last

test: $(READY)     ## every test that needs no other program and no patience
	@$(PY) -m pytest -q tests -n auto --dist loadfile -p no:nbval -m "not (slow or browser or office or postgres)"

NBVAL := $(PY) -m pytest -q --nbval-lax
FIRST := $(wildcard notebooks/[123]0_*.ipynb)
LAST := notebooks/90_report.ipynb

notebooks: $(READY) ## every notebook on the sample, in a home of its own
	@export CRM_HOME=$$(mktemp -d); trap 'rm -rf "$$CRM_HOME"' EXIT; $(NBVAL) $(FIRST) && \
	  $(NBVAL) -n auto --dist loadfile $(filter-out $(FIRST) $(LAST),$(wildcard notebooks/*.ipynb)) notebooks/desk && \
	  $(NBVAL) $(LAST)

check: $(READY)    ## what CI asks first
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@$(MAKE) -s test notebooks

lab: $(READY)      ## JupyterLab on notebooks/
	@$(PY) -m jupyterlab notebooks

demands: $(READY)  ## the demands that no test proves yet
	@$(PY) tests/demands.py

gallery: $(READY)  ## the pictures of the README; needs Chromium, pdftoppm and LibreOffice
	@$(PY) benchmarks/gallery.py

lock:              ## after a change of dependencies in pyproject.toml
	printf 'hatchling>=1.27\neditables>=0.5\n' | uv pip compile --universal --generate-hashes --python-version 3.11 \
	  --extra test --no-emit-index-url --no-annotate --no-header -q pyproject.toml - -o requirements.lock

# uv where it is there, else venv and pip; both install exactly what the lock names
$(READY): requirements.lock pyproject.toml
	@echo "准备环境 · setting up .venv (first time only) …"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q --allow-existing --python '>=3.11' .venv && \
	  uv pip sync -q --compile-bytecode --require-hashes --python $(PY) requirements.lock && \
	  uv pip install -q --no-deps --no-build-isolation --python $(PY) -e . ; \
	else \
	  $${PYTHON:-python3} -m venv .venv && \
	  $(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@$(PY) -m compileall -q crmlib || true
	@touch $(READY)

clean:
	rm -rf .venv
