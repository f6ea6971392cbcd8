# The front door. Every target first makes sure, by tools/setup, that the packages are there.
# JOBS=n sets how many compilers run at once (the number of cores by default), and bounds the tests.
JOBS ?= $(shell nproc)
DEMO_PROMPT ?= melancholic lo-fi piano 80 bpm in D minor with soft drums and vinyl warmth
DEMO_FILE ?= demo/lofi-in-d-minor.mp3
RELEASE := build/release

.DEFAULT_GOAL := help
.PHONY: help setup demo release serve test check bench clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing
	@tools/setup

release: setup ## build the program: build/release/son1k
	@tools/build release son1k

demo: release ## build, then compose and render a song into demo/
	@mkdir -p $(dir $(DEMO_FILE))
	$(RELEASE)/son1k generate "$(DEMO_PROMPT)" --duration 60 --seed 7 --out $(DEMO_FILE)

serve: release ## build, then run the server on 127.0.0.1:3001
	$(RELEASE)/son1k serve

test: setup ## build release, asan and tsan; run all their tests as one suite
	@JOBS=$(JOBS) tools/test

check: ## format, layers, clang-tidy, warnings, tests: what a change must pass
	@tools/setup --all
	@JOBS=$(JOBS) tools/check

bench: setup ## measure ourselves and our peers, and write docs/benchmarks.md
	@tools/setup --bench || echo "bench: what is missing is left out of the comparison"
	@tools/build release
	@tools/bench.py

clean: ## remove what was built
	rm -rf build
