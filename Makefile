# Everything a person or a machine does with the project; the work is in scripts/. `make help` lists the targets.
PREFIX ?= /usr/local
DESTDIR ?=
RELEASE := .build/release

# Below a home, systemd looks for user units in share/, elsewhere in lib/.
UNITS = $(PREFIX)/$(if $(filter $(HOME)/%,$(PREFIX)),share,lib)/systemd

.PHONY: help build release run test test-sanitize test-llama install uninstall deb test-deb docs bench fuzz lint format clean classifier

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

build: ## debug build
	@scripts/setup build
	swift build

release: ## release build with the Swift library inside
	@scripts/setup build
	@# Optimized across modules while linking: the daemon carries some 5% more chats for it.
	for product in tandemd tandem tandem-http; do \
	    swift build -c release --static-swift-stdlib --experimental-lto-mode full --product $$product || exit 1; \
	done

run: ## a first minute: build, start by socket activation, a streamed chat, status, history, clean up
	@scripts/setup build
	@scripts/run

test: ## build and run every test
	@scripts/setup build test
	swift build
	@# So many tests at once: more would only wait for each other's turn, and time bounds would measure that.
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=6 swift test --parallel --skip RandomFaultTests
	@# Ten thousand requests want the machine to themselves: beside other tests their clients wait too long at times.
	swift test --skip-build --filter RandomFaultTests

test-sanitize: ## the tests under the address and the thread sanitizer (FILTER=… for some of them)
	@scripts/setup build test
	@scripts/test-sanitize $(FILTER)

test-llama: ## a chat with a real llama.cpp server; builds it into .cache (about 10 minutes) the first time
	@scripts/setup build test
	@scripts/test-llama

install: $(if $(shell command -v swift),release) ## install below PREFIX (/usr/local); DESTDIR for packaging
	@scripts/install "$(DESTDIR)" "$(PREFIX)" "$(UNITS)" $(RELEASE)

uninstall: ## remove what install put there
	@scripts/uninstall "$(DESTDIR)" "$(PREFIX)" "$(UNITS)"

deb: release ## a Debian package in .build/deb, checked by lintian
	@scripts/setup build deb
	@scripts/deb $(RELEASE)

test-deb: deb ## install the package in a clean Debian 12 below a temporary folder and chat there (needs root)
	@scripts/setup test-deb
	@scripts/test-deb .build/deb/tandem_*.deb

docs: build ## write docs/protocol.md from the daemon's method table
	@scripts/docs .build/debug

bench: ## the table of Benchmarks/; RIVALS=1 adds LiteLLM, ONLY="chat idle" picks rows
	@scripts/setup bench
	@$(MAKE) --no-print-directory release
	@$(MAKE) --no-print-directory -C Benchmarks
	@RIVALS=$(RIVALS) Benchmarks/run $(ONLY)

fuzz: ## libFuzzer, SECONDS (60) for each target (ONLY="json sse" for some)
	@scripts/setup build
	@scripts/fuzz "$(or $(SECONDS),60)" $(ONLY)

lint: ## formatting, no Foundation, dependency arrows, shell syntax
	@scripts/lint

format: ## reformat every Swift file
	swift format format -i -p -r Package.swift Sources clients Tests

clean: ## remove what the build made
	rm -rf .build Benchmarks/build

# The prompts the classifier is trained on and judged by: JSON lines with "text" and "label".
PROMPTS ?= prompts.jsonl

classifier: .venv/numpy ## fit the code-request classifier's weights (PROMPTS=…) and write docs/classifier.md
	.venv/bin/python tools/classifier/train.py $(PROMPTS) $(sort $(wildcard tools/classifier/prompts-*.jsonl))

.venv/numpy:
	python3 -m venv .venv
	.venv/bin/pip install --quiet numpy
	touch $@

.PHONY: test-editors
test-editors: ## the snippets of clients/ in Neovim, Vim and Emacs, against the daemon's offline model
	@scripts/setup build test
	swift build --product tandemd
	swift build --product tandem
	Tests/editors/run .build/debug

.PHONY: test-clients
test-clients: ## the adapters with the real SDKs from PyPI (ONLY="mcp2 mcp1" for some)
	@scripts/setup build test
	swift build
	scripts/test-clients $(ONLY)

.PHONY: test-providers
test-providers: ## the kinds of providers with the makers' SDKs and LiteLLM from PyPI
	@scripts/setup build test
	scripts/test-runloop-sdk
	scripts/test-provider-sdks
