# The two commands of the README, and what developers use. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help programs build demo test soak mutants check bench bench-peers format tidy fuzz clean

JOBS ?= $(shell nproc)
PRESET ?= release

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

programs:  ## install missing Debian packages, then build the five programs (PRESET=release)
	@tools/install-packages --without-tests
	@cmake --preset $(PRESET) > /dev/null
	@cmake --build --preset $(PRESET) -j $(JOBS) --target \
	  consilium consilium-broker consilium-worker consilium-aggregator consilium-gateway

build: programs  ## the programs, the tests and the benchmarks
	@cmake --build --preset $(PRESET) -j $(JOBS)

demo: programs  ## a council of simulated models decides 72 cases, live, in under a minute
	@build/$(PRESET)/bin/consilium demo

test: build  ## all tests: unit, redis, process, interop (with npm packages, installed into the build folder), compose (with Docker)
	@tools/install-packages
	@tests/interop/install build/$(PRESET)/interop
	@ctest --preset $(PRESET) -j $(JOBS) --no-tests=error
	@cat build/$(PRESET)/compose/log 2> /dev/null || true

soak: build  ## 90 minutes: failing models, every fault at length, all at random for 30 minutes (shorter: docs/faults.md)
	@tests/fault/soak build/$(PRESET)

mutants:  ## nine deliberate bugs, one at a time: each must make a test fail (about 10 minutes)
	@JOBS=$(JOBS) tests/fault/mutations/run

check:  ## the tests under address+undefined and thread sanitizers, clang-tidy, and the fuzzers for 10 s each
	@tools/install-packages packages.txt packages-dev.txt
	@$(MAKE) --no-print-directory test PRESET=asan
	@$(MAKE) --no-print-directory test PRESET=tsan
	@$(MAKE) --no-print-directory tidy
	@$(MAKE) --no-print-directory fuzz

bench: build  ## measure; prints ratios to raw Redis of the same run (kept in tests/bench/RESULTS.md)
	@tests/bench/run build/$(PRESET)

bench-peers:  ## the same load on RabbitMQ, beanstalkd, gearmand, BullMQ and Celery, which it installs, beside ours (minutes)
	@tools/install-packages
	@tests/bench/peers/install build/$(PRESET)/peers
	@cmake --preset $(PRESET) > /dev/null
	@cmake --build --preset $(PRESET) -j $(JOBS) --target bench_cluster bench_peers
	@tests/bench/peers/run build/$(PRESET)

format:  ## clang-format every source
	@git ls-files -co --exclude-standard '*.cc' '*.h' | xargs clang-format -i

tidy:  ## clang-tidy on every source
	@tools/install-packages packages.txt packages-dev.txt
	@cmake --preset tidy > /dev/null
	@cmake --build --preset tidy -j $(JOBS)

fuzz:  ## run every fuzzer for SECONDS (10)
	@tools/install-packages packages.txt packages-dev.txt
	@cmake --preset fuzz > /dev/null
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	@tests/fuzz/run build/fuzz $(or $(SECONDS),10)

clean:  ## remove everything built
	@rm -rf build
