# The everyday commands. Each makes what it needs below .cache/, which git ignores.

PYTHON ?= python3
PORT ?= 8400
BUILD_SECONDS ?= 5

ENVIRONMENT := .cache/environment
READY := $(ENVIRONMENT)/ready
BIN := $(CURDIR)/$(ENVIRONMENT)/bin
COLLECTIONS := $(CURDIR)/.cache/collections
TREE := $(COLLECTIONS)/ansible_collections/tencentcloud/tke

# What ansible and python find here comes from this checkout alone, whatever the user's own configuration says.
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(COLLECTIONS):$(CURDIR)/tests
# Compiled once, and not beside the sources.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/bytecode
export ANSIBLE_CONFIG := $(CURDIR)/tests/ansible.cfg

.PHONY: help demo test emulator bench ways cores lint types sanity pins clean

help: ## Say what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(READY) ## Watch an image cache being created, awaited, found unchanged, changed and removed
	@sh tools/demo

test: $(READY) $(TREE) ## Run all tests
	@sh tools/test

emulator: $(READY) ## Serve the emulator on PORT until interrupted
	@exec python -m emulator --port $(PORT) --build-seconds $(BUILD_SECONDS)

bench: $(READY) $(TREE) ## Measure side by side with tccli and the vendor's SDK; takes about 15 minutes
	@python tools/bench.py

ways: $(READY) $(TREE) ## Tell the stories where tasks usually do not run, and compare the results
	@sh tools/ways

cores: $(READY) $(TREE) ## Run the stories of both ways on the other versions of ansible-core, where their Pythons are
	@sh tools/cores

lint: $(READY) $(TREE) ## Check style: ruff, ansible-lint, documentation, changelog
	@sh tools/lint

types: $(READY) $(TREE) ## Check types: mypy --strict
	@sh tools/types

sanity: $(READY) ## Run ansible-test sanity
	@sh tools/sanity

pins: $(READY) ## Compute the pins of the test and tool dependencies anew
	uv pip compile -q --universal --python-version 3.11 --no-header --upgrade -o requirements-dev.txt requirements-dev.in

clean: ## Remove everything that was made here
	rm -rf .cache

$(READY): requirements-dev.txt
	@sh tools/environment "$(PYTHON)" "$(ENVIRONMENT)"

$(TREE):
	@mkdir -p $(dir $@) && ln -s $(CURDIR) $@
