# make demo   see a message go from the command line and from each language whose toolchain is here into a sandbox inbox
# make test   set up what is needed and run every test; LANGS="rust python" picks, REQUIRE_ALL=1 allows no gaps
# make bench  measure against the limits of the network, bare requests and other clients; writes BENCHMARKS.md
# make lint   formatting, lints, types, the list of dependencies
# make packages   build what users get into dist/; LANGS="python go" picks, TARGETS="windows" are other machines, TARGETS=all every one
# make clean-room   use each package of this machine in an empty place
# make soak   mixed traffic through a faulty proxy, every message accounted for; MINUTES=30 SEED=… FAULTS="cut late" picks
# make siege  hostile connections against the HTTP service while honest callers send; MINUTES=5 SEED=… picks
# make platforms   build for each machine that is not this one, and run what can be run under wine and qemu; TARGETS="windows" picks
# make fuzz   feed arbitrary bytes to every decoder; SECONDS=600 a target, TARGETS="events links" picks, JOBS=2 at a time
# make sanitize   loom, Miri, ThreadSanitizer and LeakSanitizer over what shares memory by hand; TOOLS="loom miri" picks
# make toolchains   get the toolchains this machine lacks

PYTHON ?= python3
export CARGO_TERM_COLOR ?= auto
# What lies beside the crate it drives uses what tests/run knows of this clone.
DRIVER = PYTHONPATH=tests/run $(PYTHON)

.PHONY: demo test bench lint packages clean-room platforms soak siege fuzz sanitize toolchains clean

demo:
	@$(PYTHON) tests/run/demo.py

test:
	@$(PYTHON) tests/run/suites.py

bench:
	@$(DRIVER) tests/bench/run.py

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy -p send-im --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@$(PYTHON) tests/run/lint.py

packages:
	@TARGETS="$(TARGETS)" $(PYTHON) tests/run/packages.py $(LANGS)

clean-room:
	@$(PYTHON) tests/run/packages.py clean-room $(LANGS)

platforms:
	@$(PYTHON) tests/run/platforms.py $(TARGETS)

soak:
	@$(DRIVER) tests/soak/run.py

siege:
	@$(DRIVER) tests/siege/run.py

fuzz:
	@SECONDS_EACH="$(SECONDS)" TARGETS="$(TARGETS)" JOBS="$(JOBS)" $(DRIVER) tests/fuzz/run.py

sanitize:
	@TOOLS="$(TOOLS)" $(PYTHON) tests/run/sanitize.py

toolchains:
	@$(PYTHON) tests/run/toolchains.py

clean:
	cargo clean
	rm -rf .venv .test dist
