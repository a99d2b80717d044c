//! The header is what the source says. With `SEND_IM_WRITE_HEADER=1` it is written instead of compared.

use std::path::Path;

#[test]
fn the_header_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let mut made = Vec::new();
    cbindgen::generate_with_config(folder, config).unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let header = folder.join("include/send_im.h");
    if std::env::var_os("SEND_IM_WRITE_HEADER").is_some() {
        std::fs::write(&header, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&header).unwrap_or_default();
    assert!(
        kept == made,
        "send_im.h is old: run SEND_IM_WRITE_HEADER=1 cargo test -p send-im-c --test header"
    );
}
