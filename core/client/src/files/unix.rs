//! On Unix: the owner and the mode of the file, and those of its folder.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

const STICKY: u32 = 0o1000;
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Completes "The file …" where it is not trusted.
pub(super) fn check(path: &Path, _: &File, metadata: &Metadata, refused: u32) -> Result<(), String> {
    if !is_trusted(metadata.uid(), geteuid().as_raw()) {
        return Err("belongs to another user; it must be yours or root's.".to_owned());
    }
    if metadata.mode() & refused != 0 {
        return Err(format!(
            "holds a secret and others can read or change it; run: chmod 600 {}",
            path.display()
        ));
    }
    // Whoever can write to the folder of the file, or of a link to it, can put another in its place.
    let real = path.canonicalize().map_err(unreadable)?;
    [path, &real].into_iter().try_for_each(check_folder)
}

fn check_folder(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let metadata = folder.metadata().map_err(unreadable)?;
    let shown = folder.display();
    if !is_trusted(metadata.uid(), geteuid().as_raw()) {
        return Err(format!("is in a folder of another user, {shown}; it must be yours or root's."));
    }
    if metadata.mode() & OTHERS_MAY_WRITE != 0 && metadata.mode() & STICKY == 0 {
        return Err(format!("is in a folder that others can write to; run: chmod go-w {shown}"));
    }
    Ok(())
}

fn unreadable(error: io::Error) -> String {
    format!("cannot be read: {error}.")
}

pub(super) fn is_trusted(owner: u32, me: u32) -> bool {
    owner == 0 || owner == me
}
