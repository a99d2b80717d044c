# The lines that begin with "# make" are what `make help` prints.
#
# make demo        see a message go from the command line and from each language whose toolchain is here into a sandbox inbox
# make test        set up what is needed and run every test; LANGS="rust python" picks, REQUIRE_ALL=1 allows no gaps
# make lint        formatting, lints, types, licences and versions of crates, shell scripts, workflows
# make docs        the reference of every package into dist/docs, with every link checked; LANGS="python c" picks
# make packages    build what users get, for every machine, into dist/; LANGS="python go" picks, for this one; TARGETS="host windows" picks machines
# make clean-room  use each package of this machine in an empty place
# make platforms   build for each machine that is not this one, and run what can be run under wine and qemu; TARGETS="windows" picks
# make bench       measure against the limits of the network, bare requests and other clients; writes BENCHMARKS.md
# make soak        mixed traffic through a faulty proxy, every message accounted for; MINUTES=30 SEED=… FAULTS="cut late" picks
# make siege       hostile connections against the HTTP service while honest callers send; MINUTES=5 SEED=… picks
# make fuzz        feed arbitrary bytes to every decoder; SECONDS=600 a target, TARGETS="events links" picks, JOBS=2 at a time
# make sanitize    loom, Miri, ThreadSanitizer and LeakSanitizer over what shares memory by hand; TOOLS="loom miri" picks
# make advisories  ask whether a crate has a known vulnerability; needs the network
# make toolchains  get the toolchains this machine lacks
# make clean       remove everything that was built

PYTHON ?= python3
export CARGO_TERM_COLOR ?= auto
# What lies beside the crate it drives uses what tests/run knows of this clone.
DRIVER = PYTHONPATH=tests/run:tests/packages $(PYTHON)

.PHONY: help demo test bench lint docs packages clean-room platforms soak siege fuzz sanitize advisories toolchains clean

help:
	@sed -n 's/^# make /make /p' Makefile

demo:
	@$(DRIVER) examples/demo.py

test:
	@$(PYTHON) tests/run/suites.py

bench:
	@SEND_IM_PROFILE=release $(DRIVER) tests/bench/run.py

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy -p send-im --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@$(PYTHON) core/layers.py
	@$(PYTHON) tests/run/lint.py

docs:
	@$(DRIVER) tests/packages/reference.py $(LANGS)

packages:
	@SEND_IM_PROFILE="$${SEND_IM_PROFILE:-release}" $(DRIVER) tests/packages/build.py $(LANGS)

clean-room:
	@$(DRIVER) tests/packages/rooms.py $(LANGS)

platforms:
	@$(DRIVER) tests/platforms/run.py $(TARGETS)

soak:
	@$(DRIVER) tests/soak/run.py

siege:
	@$(DRIVER) tests/siege/run.py

fuzz:
	@SECONDS_EACH="$(SECONDS)" $(DRIVER) tests/fuzz/run.py

sanitize:
	@$(DRIVER) tests/sanitize/run.py

advisories:
	@$(PYTHON) tests/run/lint.py advisories

toolchains:
	@$(PYTHON) tests/run/toolchains.py

clean:
	cargo clean
	rm -rf .venv .test dist
