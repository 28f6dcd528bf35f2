# Everything runs in .venv, which the first target that needs it makes. PYTHON must be 3.10 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
LAYERS ?= small seed seed_arm64 limit pyarrow many awscli_v2 kubectl rust_bootstrap
PEERS ?=
ROUNDS ?= 5
PYZ ?= dist/layercheck.pyz
DEMO = .cache/demo/image-processing.zip

FUZZ_TARGETS = zip elf probes python check templates
FUZZ_SECONDS ?= 20

.PHONY: help demo test test-slow fuzz lint docs golden pyz bench bench-inside bench-readme clean

help:
	@echo "make demo   build a layer of numpy and Pillow and check it against three targets"
	@echo "make test   run the tests, but for those below"
	@echo "make test-slow   real artifacts by real loaders, arm64's through an emulator (as root; fetches 700 MB once)"
	@echo "make fuzz   fuzz each reader for FUZZ_SECONDS ($(FUZZ_SECONDS)), guided by coverage"
	@echo "make lint   ruff and mypy"
	@echo "make docs   write the generated pages anew"
	@echo "make golden write the reports that tests compare with anew"
	@echo "make pyz    write $(PYZ): layercheck in one file, for any Python from 3.10 on"
	@echo "make bench  build what is missing of the benchmark layers, compare layercheck with its peers (half an hour;"
	@echo "            LAYERS=\"small seed\" PEERS=\"layercheck elfdeps\" ROUNDS=5 limit it)"
	@echo "make bench-inside   what the parts of a check cost, in process"
	@echo "make bench-readme   put the figures of the last 'make bench' into the README"
	@echo "make clean  remove .venv, caches and what was built"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

# Without a wheel of the quick inflate engine for this machine the standard library's zlib does the same work.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) install --only-binary=deflate --editable '.[fast]' || $(PIP) install --editable .
	touch $@

$(VENV)/.developed: pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[dev,fast]'
	touch $@ $(VENV)/.installed

$(DEMO): benchmarks/build_layer.py | $(VENV)/.installed
	$(BIN)/python benchmarks/build_layer.py $@ numpy==2.5.5 Pillow==13.0.0

demo: $(VENV)/.installed $(DEMO)
	@$(BIN)/python benchmarks/demo.py $(DEMO)

# -v takes the -q of pyproject.toml back, so that the closing line is pytest's full one.
test: $(VENV)/.developed
	$(BIN)/python -m pytest -v -n auto -m "not slow"

# -rP shows at the end what each test compared, and the seeds.
test-slow: $(VENV)/.developed
	$(BIN)/python -m pytest -v -n auto -m slow -rP

$(VENV)/.fuzz: $(VENV)/.developed
	$(PIP) install --only-binary=atheris --editable '.[fuzz]'
	touch $@

# What is found stays in .cache/fuzz, and the next run begins with it.
fuzz: $(VENV)/.fuzz
	@mkdir -p .cache; set -e; for target in $(FUZZ_TARGETS); do \
	  echo "fuzzing $$target for $(FUZZ_SECONDS) s"; \
	  $(BIN)/python tests/fuzz/run.py $$target $(FUZZ_SECONDS) .cache/fuzz 2>.cache/fuzz-$$target.log \
	    || { tail -n 40 .cache/fuzz-$$target.log; exit 1; }; \
	  grep -E "^stat::number_of_executed_units|^#[0-9]+.*DONE" .cache/fuzz-$$target.log; \
	done

lint: $(VENV)/.developed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

docs: $(VENV)/.developed
	$(BIN)/python docs/generate.py

golden: $(VENV)/.developed
	$(BIN)/python tests/golden/write.py

pyz: | $(BIN)/python
	$(BIN)/python release/pyz.py $(PYZ)

bench: $(VENV)/.developed
	$(BIN)/python benchmarks/layers.py --output .cache/layers $(LAYERS)
	$(BIN)/python benchmarks/peers.py --rounds $(ROUNDS) $(PEERS:%=--peer %) $(LAYERS:%=.cache/layers/%.zip)

bench-inside: $(VENV)/.developed
	$(BIN)/python benchmarks/layers.py --output .cache/layers small seed limit many
	for engine in zlib deflate; do $(BIN)/python benchmarks/inside.py --engine $$engine .cache/layers || exit 1; echo; done

bench-readme: $(VENV)/.developed
	$(BIN)/python benchmarks/readme_table.py

clean:
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
