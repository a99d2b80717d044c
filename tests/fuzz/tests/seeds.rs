//! Every check over its seeds, and over each seed cut and damaged at every byte.

use std::path::Path;

use send_im_fuzz::CHECKS;

#[test]
fn every_check_holds_for_its_seeds_whole_cut_and_damaged() {
    for (name, check) in CHECKS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let mut seeds = 0;
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let bytes = std::fs::read(entry.expect("a folder that can be read").path()).expect("a seed");
            check(&bytes);
            for at in 0..bytes.len() {
                check(&bytes[..at]);
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x15;
                check(&damaged);
            }
            seeds += 1;
        }
        assert!(seeds >= 3, "{name} has {seeds} seeds");
    }
}
