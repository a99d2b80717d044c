//! Compiles `src/options.c` for `make fuzz`.

const CHECK: &str = "src/options.c";
const HEADERS: &str = "../../bindings/c/include";

fn main() {
    println!("cargo::rerun-if-changed={CHECK}");
    println!("cargo::rerun-if-changed={HEADERS}");
    if std::env::var_os("CARGO_CFG_FUZZING").is_some() {
        cc::Build::new()
            .std("c99")
            .extra_warnings(true)
            .warnings_into_errors(true)
            .include(HEADERS)
            .file(CHECK)
            .compile("fuzz_options");
    }
}
