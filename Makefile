# Copyright (c) 2026, the ebpf.fleet developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
VENV := .venv
TOOLS := .cache/nox
NOX := $(TOOLS)/bin/nox

# Without INVENTORY: this machine. REPORT_DIR, where given, reaches the role as an environment variable.
INVENTORY ?=
LIMIT ?=
DURATION ?=
PROFILE ?=
RUN ?=
POLICY ?=
BASELINE ?=
ARGS ?=
ifdef REPORT_DIR
export REPORT_DIR
endif
PLAYBOOK := $(VENV)/bin/ansible-playbook
# By the Python that made the environment: a search for one may end at a version manager's shim that does not run.
THIS_MACHINE = -i '$(shell uname -n),' -c local \
	-e 'ansible_python_interpreter=$(shell $(PYTHON) -c 'import sys; print(sys.executable)')'

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: python
python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed here (hosts that are surveyed: 3.8 or newer): install it, or name it: make PYTHON=...' >&2; exit 1; }

.PHONY: env
env: python ## Make the private environment that the survey runs in
	@$(PYTHON) tools/environment.py $(VENV) requirements/controller.txt
	@$(PYTHON) tools/checkout.py

.PHONY: survey report audit
survey: env ## Survey this machine, or INVENTORY=... [LIMIT=...] [PROFILE=quick|standard|deep] [DURATION=seconds] [REPORT_DIR=...] [ARGS=...]
	@$(PLAYBOOK) ebpf.fleet.survey $(if $(INVENTORY),-i '$(INVENTORY)',$(THIS_MACHINE)) \
		$(if $(LIMIT),--limit '$(LIMIT)') $(if $(PROFILE),-e 'survey_profile=$(PROFILE)') \
		$(if $(DURATION),-e 'survey_duration=$(DURATION)') $(ARGS)

report: env ## Make the report of a stored run again: the newest, or RUN=... [REPORT_DIR=...]
	@$(PLAYBOOK) ebpf.fleet.report $(if $(RUN),-e 'report_run=$(RUN)') $(ARGS)

audit: env ## Survey and hold it against POLICY=policy.yml, as survey; or a stored run: RUN=... [BASELINE=run]
	@$(PLAYBOOK) ebpf.fleet.audit $(if $(INVENTORY),-i '$(INVENTORY)',$(THIS_MACHINE)) \
		$(if $(LIMIT),--limit '$(LIMIT)') $(if $(PROFILE),-e 'survey_profile=$(PROFILE)') \
		$(if $(DURATION),-e 'survey_duration=$(DURATION)') \
		$(if $(POLICY),-e 'audit_policy=$(POLICY)') $(if $(RUN),-e 'audit_run=$(RUN)') \
		$(if $(BASELINE),-e 'audit_baseline=$(BASELINE)') $(ARGS)

.PHONY: nox
nox: python
	@$(PYTHON) tools/environment.py $(TOOLS) requirements/nox.txt

# What these run is in noxfile.py; one session alone: make unit, or with arguments: make unit ARGS='-k histogram'
CHECKS := lint types unit controller sanity importer package programs bundled integration web browser docs tools lab molecule
.PHONY: test $(CHECKS)
test: nox ## Run all checks
	@$(NOX) -s $(CHECKS)

lint: ## ruff, yamllint, ansible-lint, documentation, changelog, licences
types: ## mypy, strict
unit: ## Unit tests of what runs on hosts, on the oldest and the newest Python
controller: ## Unit tests of the controller's half, on each supported ansible-core
sanity: ## ansible-test sanity
importer: ## What Galaxy says about the built collection
package: ## Build, install from the tarball, run the documented examples of the modules
programs: ## Compile the BPF programs again and compare with what is committed
bundled: ## Pack the bundle again and compare with what is committed
integration: ## The real programs on the real kernel (root, or sudo)
tools: ## bcc's tools of three Debians, without a kernel: they take our arguments, and what they print is read
lab: ## Real kernels of several ages and both architectures, as guests under QEMU (root, or sudo)
molecule: ## The roles on guests of the lab, by Molecule (root, or sudo); one scenario: ARGS='-s bcc_tools'
web: ## Build the page's script again and compare with what is committed (Node.js)
browser: ## The page in Chromium: what a person does, hostile hosts, accessibility, 1 to 5,000 hosts
docs: ## Run the commands of README.md and docs/
$(CHECKS): nox
	@$(NOX) -s $@ -- $(ARGS)

.PHONY: agreement truth bench
agreement: nox ## Every collector beside an independent tool, in a guest of the lab (root, or sudo)
	@$(NOX) -s agreement -- $(ARGS)

truth: nox ## Every collector at every tier against known workloads, on all kernels of the lab (root, or sudo): an hour where guests are emulated
	@$(NOX) -s truth -- $(ARGS)

bench: nox ## Print what the collection costs (root, or sudo)
	@$(NOX) -s bench -- $(ARGS)

.PHONY: bpf web-build build lock clean
bpf: python ## Compile the BPF programs and write what the collection carries of them
	@$(PYTHON) tools/packages.py 'The BPF compiler' clang-16 llvm-16 libbpf-dev libbpf1
	@$(PYTHON) bpf/build.py

bundle: nox ## Pack what the module `collect` needs on a host into the one file that it is sent with
	@$(NOX) -s bundle

generate: bpf ## Write all that is generated: bpf, then bundle
	@$(MAKE) bundle

web-build: nox ## Build the script and the style of the page and write what the collection carries of them (Node.js)
	@$(NOX) -s web-build

build: env ## Build the collection's tarball into dist/
	@mkdir -p dist
	@$(VENV)/bin/ansible-galaxy collection build --force --output-path dist

lock: nox ## Pin the newest releases of all that the environments hold
	@$(NOX) -s lock

clean: ## Remove the private environments and caches; reports stay
	rm -rf .venv .venv.lock .nox .cache dist
