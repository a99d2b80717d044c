# make demo   see a message go from the command line and from Python into a sandbox inbox
# make test   set up what is needed and run every test; LANGS="rust python" picks, REQUIRE_ALL=1 allows no gaps
# make lint   formatting, lints, types, the list of dependencies

PYTHON ?= python3
export CARGO_TERM_COLOR ?= auto

.PHONY: demo test lint clean

demo:
	@$(PYTHON) tests/run/demo.py

test:
	@$(PYTHON) tests/run/suites.py

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@$(PYTHON) tests/run/lint.py

clean:
	cargo clean
	rm -rf .venv .test dist
