# The everyday commands. Each creates its requirements below .cache/, which git ignores.

PYTHON ?= python3
PORT ?= 8400
BUILD_SECONDS ?= 5
WORLD ?= default
# What the probe of the real service uses, and the settings of integration tests against the cloud.
VPC ?=
SUBNET ?=
IMAGE ?=
INTERVAL ?=
YES ?=
CLEAN ?=
CONFIG ?=
# The key that signs a release, and its tag.
KEY ?=
TAG ?=
# Arguments of the mutation tests, for example "--sample 50 _connection.py" or "--all".
MUTANTS ?=

# Which versions of ansible-core are tested, by their Pythons; and another ansible-core than the pinned one.
PYTHONS ?=
CORE ?=

ENVIRONMENT := .cache/environment$(if $(CORE),-core)
READY := $(ENVIRONMENT)/ready
BIN := $(CURDIR)/$(ENVIRONMENT)/bin
COLLECTIONS := $(CURDIR)/.cache/collections
TREE := $(COLLECTIONS)/ansible_collections/tencentcloud/tke

# Ansible and Python must use only this checkout, independent of the configuration of the user.
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(COLLECTIONS):$(CURDIR)/tests
# Keep the bytecode out of the source folders. Without bytecode, each of the many processes would compile all its imports.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/bytecode
unexport PYTHONDONTWRITEBYTECODE
# uv, which nox uses, trusts the same certificate authorities as pip.
export UV_SYSTEM_CERTS := true
export ANSIBLE_CONFIG := $(CURDIR)/tests/ansible.cfg

.PHONY: help units test exhaustive coverage demo report emulator docs tables bench bench_manifests mutants ways cores probe lint format types registry cluster eda browser screenshot sanity core_units integration package importer runner sbom release publish licenses role_spec pins clean

help: ## List all commands
	@grep -E '^[a-z_]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

units: $(READY) $(TREE) ## Run the fast unit tests; takes about 30 seconds
	@pytest -p no:cacheprovider -m "not exhaustive and not slow" tests/unit

test: $(READY) $(TREE) ## Run all tests except the exhaustive ones
	@sh tools/test

exhaustive: $(READY) $(TREE) ## Run the exhaustive tests
	@pytest -p no:cacheprovider -m exhaustive tests/unit

coverage: $(READY) $(TREE) ## Run the tests with the executables of Ansible, and check the coverage
	@sh tools/coverage

demo: $(READY) ## Create an image cache, wait for it, run again without changes, change it and delete it
	@sh tools/demo

report: $(READY) $(TREE) ## Write the page about the image caches of an example account to .cache/report.html
	@sh tools/report .cache/report.html

emulator: $(READY) ## Serve the emulator on PORT until interrupted
	@exec python -m emulator --port $(PORT) --build-seconds $(BUILD_SECONDS) --world "$(WORLD)"

docs: $(READY) $(TREE) ## Build the HTML site, in .cache/docs/build/html
	@sh tools/docs

tables: $(READY) $(TREE) ## Generate the tables of causes, states and options in the guide and the READMEs
	@python tools/tables.py

bench: $(READY) $(TREE) ## Run the benchmark against tccli and the vendor's SDK; takes about 15 minutes
	@python tools/bench.py

bench_manifests: $(READY) $(TREE) ## Measure the filters for manifests on 1, 5 and 10 MB; takes about a minute
	@python tools/bench_manifests.py

mutants: $(READY) ## Run mutation tests of the plugins; takes about 45 minutes
	@python tools/mutants.py $(MUTANTS)

ways: $(READY) $(TREE) ## Run the stories with swapped processes (module or controller), and compare the results
	@sh tools/ways

cores: $(READY) $(TREE) ## Run the stories in both ways with the other versions of ansible-core whose Python is installed
	@sh tools/cores

probe: $(READY) $(TREE) ## Ask the real service the open questions in VPC and SUBNET; costs money with YES=1, see docs/unknowns.md
	@exec env PYTHONPATH="$(PYTHONPATH):$(CURDIR)/tools" python -m probe --vpc "$(VPC)" --subnet "$(SUBNET)" \
	    $(if $(IMAGE),--image "$(IMAGE)") $(if $(INTERVAL),--interval "$(INTERVAL)") \
	    $(if $(filter 1,$(YES)),--yes) $(if $(filter 1,$(CLEAN)),--clean)

lint: $(READY) $(TREE) ## Check style: Python, YAML, ansible-lint, documentation, spelling, changelog, workflows
	@CI=true nox -e formatters codeqa yamllint antsibull-nox-config docs-check extra-checks ansible-lint \
	    guides spelling changelog workflows

format: $(READY) ## Format the Python code
	@CI=false nox -e formatters

types: $(READY) ## Check types: mypy --strict
	@nox -e typing

registry: $(READY) $(TREE) ## Run the tests of the registry client against Debian's docker-registry
	@sh tools/docker_registry >/dev/null
	@REAL_REGISTRY=1 pytest -p no:cacheprovider -k debian tests/unit/module_utils/_registry

eda: $(READY) $(TREE) ## Run the tests of the rulebook with the real ansible-rulebook, docker-registry and Java
	@sh tools/eda

cluster: $(READY) $(TREE) ## Run the stories about clusters with the real collection kubernetes.core
	@sh tools/kubernetes_core >/dev/null
	@REAL_CLUSTER=1 pytest -p no:cacheprovider tests/stories/test_cluster.py tests/stories/test_workloads_guide.py

browser: $(READY) $(TREE) ## Run the tests of the page about image caches in headless Chromium
	@sh tools/in_browser pytest -p no:cacheprovider tests/stories/test_report_in_browser.py

screenshot: $(READY) $(TREE) ## Take the screenshot of the page for the guides
	@sh tools/report .cache/report.html >/dev/null
	@sh tools/in_browser python -m stories.browser .cache/report.html docs/docsite/rst/images/report.png

sanity: $(READY) ## Run ansible-test sanity with each version of ansible-core
	@sh tools/each_core sh tools/ansible_test sanity

core_units: $(READY) ## Run ansible-test units with each version of ansible-core
	@sh tools/each_core sh tools/ansible_test units

integration: $(READY) ## Run ansible-test integration with each version of ansible-core, or once against the cloud with CONFIG
	@$(if $(CONFIG),CONFIG="$(CONFIG)",sh tools/each_core sh tools/with_emulator 1) sh tools/ansible_test integration

package: $(READY) ## Build the package, compare it with its list, install it from the file and from git, sign it, and run it
	@sh tools/package

importer: $(READY) ## Check the package with galaxy-importer; warnings are failures
	@nox -e build-import-check >.cache/importer.log || { cat .cache/importer.log; exit 1; }
	@! grep -E "WARNING|ERROR|CRITICAL" .cache/importer.log

runner: $(READY) ## Create the context of an execution environment, and run the demo with ansible-runner
	@sh tools/runner

sbom: $(READY) ## List the Python packages of an execution environment in .cache/sbom.json (CycloneDX)
	@sh tools/sbom .cache/sbom.json

release: $(READY) ## Build and sign the files of a release in .cache/release, with KEY of gpg, for TAG
	@KEY="$(KEY)" sh tools/release .cache/release $(TAG)

publish: $(READY) ## Publish the package in .cache/release on Galaxy, with the token of GALAXY_TOKEN
	@sh tools/publish .cache/release/tencentcloud-tke-*.tar.gz

licenses: $(READY) ## Check that every file states its license and copyright holder (REUSE)
	@nox -e license-check

role_spec: $(READY) $(TREE) ## Generate the options of entries and prune rules in the role's argument specs
	@python tools/role_spec.py

pins: $(READY) ## Update the pinned versions of the test and tool dependencies
	for name in dev eda browser importer; do \
	    uv pip compile -q --universal --python-version 3.11 --no-header --upgrade \
	        -o requirements-$$name.txt requirements-$$name.in || exit 1; \
	done

clean: ## Remove all generated files
	rm -rf .cache

$(READY): requirements-dev.txt
	@sh tools/environment "$(PYTHON)" "$(ENVIRONMENT)"

$(TREE):
	@mkdir -p $(dir $@) && ln -s $(CURDIR) $@
