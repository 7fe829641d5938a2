# The everyday commands. Each makes what it needs below .cache/, which git ignores.

PYTHON ?= python3
PORT ?= 8400
BUILD_SECONDS ?= 5
WORLD ?= default

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

.PHONY: help demo test emulator docs tables bench mutants ways cores lint types sanity units integration package importer runner licenses role_spec pins clean

help: ## Say what there is
	@grep -E '^[a-z_]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(READY) ## Watch an image cache being created, awaited, found unchanged, changed and removed
	@sh tools/demo

test: $(READY) $(TREE) ## Run all tests
	@sh tools/test

emulator: $(READY) ## Serve the emulator on PORT until interrupted
	@exec python -m emulator --port $(PORT) --build-seconds $(BUILD_SECONDS) --world "$(WORLD)"

docs: $(READY) $(TREE) ## Build the HTML site, in .cache/docs/build/html
	@sh tools/docs

tables: $(READY) $(TREE) ## Generate the tables of causes, states and options in the guide and the READMEs
	@python tools/tables.py

bench: $(READY) $(TREE) ## Measure side by side with tccli and the vendor's SDK; takes about 15 minutes
	@python tools/bench.py

mutants: $(READY) ## Break the layers that decide, one place at a time, and see whether a test fails; about 20 minutes
	@python tools/mutants.py

ways: $(READY) $(TREE) ## Tell the stories where tasks usually do not run, and compare the results
	@sh tools/ways

cores: $(READY) $(TREE) ## Run the stories that go both ways on the other versions of ansible-core, where their Pythons are
	@sh tools/cores

lint: $(READY) $(TREE) ## Check style: ruff, ansible-lint, documentation, changelog
	@sh tools/lint

types: $(READY) $(TREE) ## Check types: mypy --strict
	@sh tools/types

sanity: $(READY) ## Run ansible-test sanity on each version of ansible-core
	@sh tools/each_core sh tools/ansible_test sanity

units: $(READY) ## Run ansible-test units on each version of ansible-core
	@sh tools/each_core sh tools/ansible_test units

integration: $(READY) ## Run ansible-test integration on each version of ansible-core
	@sh tools/each_core sh tools/with_emulator 1 sh tools/ansible_test integration

package: $(READY) ## Build the package, compare it with its list, install it from the file and from git, and strip it
	@sh tools/package

importer: $(READY) ## Have galaxy-importer judge the package; a warning is a failure
	@sh tools/importer

runner: $(READY) ## Make an execution environment's context, and run the demo in ansible-runner
	@sh tools/runner

licenses: $(READY) ## Check that every file says its license and its holder: REUSE
	@reuse lint --quiet || reuse lint

role_spec: $(READY) $(TREE) ## Write the options of entries and of prune rules into the role's argument specs
	@python tools/role_spec.py

pins: $(READY) ## Compute the pins of the test and tool dependencies anew
	uv pip compile -q --universal --python-version 3.11 --no-header --upgrade -o requirements-dev.txt requirements-dev.in

clean: ## Remove everything that was made here
	rm -rf .cache

$(READY): requirements-dev.txt
	@sh tools/environment "$(PYTHON)" "$(ENVIRONMENT)"

$(TREE):
	@mkdir -p $(dir $@) && ln -s $(CURDIR) $@
