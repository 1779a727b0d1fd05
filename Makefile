# SPDX-License-Identifier: MIT
#
# What one types here. The work is done by Meson (a meson.build in each folder) and by
# the small scripts in tools/; `make help` lists the targets.
#
#   make PYTHON=python3.12      adds the agent for that interpreter beside the others
#   make test TESTS=tests/e2e/test_paths.py ARGS='-k closure -x'

PYTHON ?= python3
BUILD  ?= build
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)
TESTS  ?= tests/e2e
ARGS   ?=

export PYTHON BUILD JOBS
VENV   := $(BUILD)/venv
NINJA   = ninja -C $(BUILD) -j $(JOBS) --quiet
UNIT    = meson test -C $(BUILD) --num-processes $(JOBS) --print-errorlogs
# In CI, on machines that are not ours alone, what fails may try once more; it is counted.
PYTEST  = $(VENV)/bin/python -m pytest -n $(JOBS) --dist worksteal $(if $(CI),--reruns 1) $(TESTS) $(ARGS)
ASAN    = build-asan
FUZZ    = build-fuzz

.DEFAULT_GOAL := all
.PHONY: all agents deps demo test unit e2e matrix pythons test-slow asan e2e-asan valgrind \
        packages ways bench bench-leak bench-ages bench-exporter fuzz golden format lint \
        typecheck clean help install uninstall wheel wheels sdist deb test-packaging \
        test-exporter test-prometheus test-deploy test-mcp test-deps venv

## all: build memalotctl and the agent for PYTHON into build/
all:
	@tools/deps.sh build
	@tools/configure.sh $(BUILD) $(PYTHON)
	@$(NINJA)
	@tools/pythons.sh built $(BUILD)

## agents: build the agent for every interpreter found (PATH and pyenv)
agents:
	@tools/deps.sh build
	@tools/configure.sh $(BUILD) $$(tools/pythons.sh found)
	@$(NINJA)
	@tools/pythons.sh built $(BUILD)

## deps: install what building and testing need (apt-get, sudo when not root)
deps:
	@tools/deps.sh test

## demo: a small web shop with two leaks, found while it serves
demo: all
	@examples/demo.sh

## test: the C tests and the end-to-end tests (some ten minutes)
test: test-deps
	@status=0; $(UNIT) || status=1; $(PYTEST) -m 'not slow' || status=1; \
	tools/mcp.sh $(BUILD) --no-inspector -q || status=1; \
	tools/counts.sh $(BUILD); exit $$status

## unit: the C tests only
unit: test-deps
	@$(UNIT)

## e2e: the end-to-end tests only (TESTS=, ARGS= choose)
e2e: test-deps
	@$(PYTEST) -m 'not slow'

## matrix: the end-to-end tests on every interpreter, one table (FETCH=1 gets missing ones)
matrix: venv
	@tools/deps.sh test
	@case '$(FETCH)' in ?*) tools/deps.sh fetch; tools/get-pythons.sh ;; esac
	@$(MAKE) --no-print-directory test-deps
	@tools/sites.sh $(BUILD) numpy
	@MEMALOT_MATRIX=1 $(PYTEST) -m 'not slow'

## pythons: fetch interpreters that this machine lacks (3.14 and 3.15, Debian's)
pythons:
	@tools/deps.sh fetch
	@tools/get-pythons.sh

## test-slow: the long ones too (CPython's own tests, a thousand sweeps)
test-slow: test-deps
	@MEMALOT_SLOW=1 $(PYTEST)

## test-exporter: what `memalotctl exporter` serves, sidecars in their own namespaces
test-exporter: test-deps
	@$(VENV)/bin/python -m pytest -m 'not slow' tests/e2e/test_exporter.py \
		tests/e2e/test_sidecar.py tests/e2e/test_prometheus.py $(ARGS)

## test-prometheus: a real Prometheus (fetched, not installed) answers the alerts
test-prometheus: test-deps
	@tools/get-prometheus.sh
	@MEMALOT_SLOW=1 $(VENV)/bin/python -m pytest tests/e2e/test_prometheus.py \
		tests/e2e/test_exporter.py $(ARGS)

## test-deploy: deploy/ by hadolint, Kubernetes' and compose's schemas
test-deploy: all
	@tools/venv.sh $(BUILD)/deploy-venv $$(sed '/^#/d' tests/deploy/requirements.txt)
	@$(BUILD)/deploy-venv/bin/python -m pytest tests/deploy $(ARGS)

## packages: 74 packages from PyPI under memalot on PYTHON (downloads about 400 MB)
packages: test-deps
	@venv=$$(tools/packages.sh $(BUILD)/packages-venv \
		$$(sed '/^#/d' tests/packages/requirements.txt)) && \
	PACKAGES_VENV=$$venv $(VENV)/bin/python -m pytest -n $(JOBS) tests/packages $(ARGS)

## ways: every way in, into every kind of program, on every version (downloads a little)
ways: test-deps
	@cut -f1 $(BUILD)/pythons | while read python; do \
		PYTHON=$$python PIP_OF=$(VENV)/bin/python tools/packages.sh $(BUILD)/ways-venv \
			gunicorn uvicorn celery >/dev/null </dev/null; done
	@tools/venv.sh $(BUILD)/ways-venv/uv uv
	@MEMALOT_WAYS=1 $(VENV)/bin/python -m pytest -n $(JOBS) tests/e2e/test_ways_in.py \
		tests/e2e/test_servers.py $(ARGS)

## test-mcp: the MCP server, by the official SDK and the MCP Inspector (ARGS= choose)
test-mcp: test-deps
	@tools/mcp.sh $(BUILD) $(ARGS)

## asan: the C tests under AddressSanitizer and UndefinedBehaviorSanitizer
asan:
	@tools/deps.sh test
	@tools/configure.sh $(ASAN) $(PYTHON) -Db_sanitize=address,undefined -Db_lundef=false -Db_ndebug=false
	@ninja -C $(ASAN) -j $(JOBS) --quiet
	@meson test -C $(ASAN) --num-processes $(JOBS) --print-errorlogs

## e2e-asan: the end-to-end tests with an agent and memalotctl under sanitizers
e2e-asan: venv
	@tools/deps.sh test
	@tools/configure.sh $(ASAN) $(PYTHON) -Db_sanitize=address,undefined -Db_lundef=false -Db_ndebug=false
	@ninja -C $(ASAN) -j $(JOBS) --quiet
	@tests/e2e/asan.sh $(ASAN) $(VENV) $(TESTS) $(ARGS)

## valgrind: the C tests under memcheck
valgrind: test-deps
	@$(UNIT) --wrap 'valgrind --quiet --error-exitcode=9 --leak-check=full' -t 10

## bench: pause and duration of sweeps, side by side with what people use today
bench: all
	@tools/venv.sh $(BUILD)/bench-venv guppy3
	@$(BUILD)/bench-venv/bin/python bench/bench_sweep.py $(ARGS)

## bench-leak: from a call that leaks to its report (ARGS=--with-original)
bench-leak: all
	@case '$(ARGS)' in *--with-original*) \
		tools/venv.sh $(BUILD)/bench-original-venv memalot==2.0.3 ;; esac
	@$(PYTHON) bench/bench_leak.py $(ARGS)

## bench-ages: what monitoring costs pyperformance's programs, beside tracemalloc
bench-ages: all
	@tools/venv.sh $(BUILD)/bench-ages-venv $$(sed '/^#/d' bench/ages/requirements.txt)
	@$(BUILD)/bench-ages-venv/bin/python bench/bench_ages.py $(ARGS)

## bench-exporter: what a scrape of memalotctl exporter costs, for programs and exporter
bench-exporter: all
	@tools/venv.sh $(BUILD)/bench-exporter-venv prometheus_client
	@$(BUILD)/bench-exporter-venv/bin/python bench/bench_exporter.py $(ARGS)

## fuzz: every fuzz target for FUZZ_SECONDS (60) each, under sanitizers
fuzz:
	@tools/fuzz.sh $(FUZZ)

## golden: write the expected outputs anew; look at the difference before committing
golden: test-deps
	@ML_GOLDEN_UPDATE=1 $(UNIT)
	@$(VENV)/bin/python tests/e2e/catalogue/table.py docs/holders.md
	@git diff --stat -- tests/golden docs/holders.md

## format: clang-format on the lines that differ from HEAD
format:
	@git clang-format --quiet --extensions c,h HEAD; git diff --stat

## lint: house rules that a program can check
lint:
	@tools/lint.sh

## typecheck: mypy --strict and pyright on the Python package and the documented programs
typecheck:
	@tools/venv.sh $(BUILD)/typing-venv mypy pyright prometheus_client 'mcp>=2.1,<3'
	@tools/typecheck.sh $(BUILD)/typing-venv

## install: what make (or make agents) has built into PREFIX (/usr/local), below DESTDIR
install:
	@tools/install.sh install $(BUILD) $(PREFIX) $(DESTDIR)

## uninstall: take it away again
uninstall:
	@tools/install.sh uninstall $(BUILD) $(PREFIX) $(DESTDIR)

## wheel: a wheel for PYTHON in dist/, every library inside
wheel:
	@tools/deps.sh build
	@tools/wheel.sh dist $(BUILD)/wheels $(PYTHON)

## wheels: one for every interpreter found
wheels:
	@tools/deps.sh build
	@tools/wheel.sh dist $(BUILD)/wheels $$(tools/pythons.sh found)

## sdist: the source distribution of what is committed, in dist/
sdist: wheel
	@tools/sdist.sh dist $(BUILD)/wheels

## deb: the Debian package of what is committed, in dist/
deb:
	@tools/deps.sh debian
	@tools/deb.sh dist $(BUILD)/deb

## test-packaging: wheels in clean places: virtual environments, a bare Debian (as root)
test-packaging: wheels sdist deb
	@tools/venv.sh $(BUILD)/packaging-venv pytest pytest-timeout twine
	@tools/chroot.sh >/dev/null || true
	@$(BUILD)/packaging-venv/bin/python -m pytest tests/packaging $(ARGS)

## clean: remove what was built
clean:
	rm -rf $(BUILD) $(ASAN) $(FUZZ) dist

## help: this list
help:
	@sed -n 's/^## \([^:]*\): /\1\t/p' Makefile | expand -t 12

test-deps: venv
	@tools/deps.sh test
	@tools/configure.sh $(BUILD) $$(tools/pythons.sh found) $(PYTHON)
	@$(NINJA)

venv:
	@tools/deps.sh build
	@tools/venv.sh $(VENV) pytest pytest-timeout pytest-xdist pytest-rerunfailures \
		prometheus_client
