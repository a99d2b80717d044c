//! Reads files whose names come from a person: checks the file that it has opened, never blocks on a pipe, limits the size.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

#[cfg(unix)]
use self::unix as permissions;
#[cfg(windows)]
use self::windows as permissions;
use crate::error::{Error, Result};

#[cfg(any(windows, test))]
mod access_list;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// The largest file that is read. The certificate authorities of a system take a quarter of that.
const MAX_SIZE: u64 = 1 << 20;

/// Reads a file that holds a secret; `what` names it in errors, for example `profile`.
///
/// On Unix the file and its folder must belong to this user or to root, only the owner may write to the folder unless it is
/// sticky as `/tmp` is, and the file's mode must have none of the `refused` bits, for example `0o077`. On Windows it must be
/// owned by this user, SYSTEM or the Administrators, and its access list must allow nothing to anybody else.
///
/// # Errors
/// `invalid_input` where one of these does not hold, for what is no file, for more than 1 MiB, and where it cannot be read.
pub fn read_secret(path: &Path, what: &str, refused: u32) -> Result<Zeroizing<Vec<u8>>> {
    let (file, metadata) = open(path, what)?;
    permissions::check(path, &file, &metadata, refused)
        .map_err(|why| Error::invalid_input(format!("The {what} {} {why}", path.display())))?;
    read_open(file, &metadata, path, what)
}

/// Reads a file that anybody may read.
///
/// # Errors
/// `invalid_input` for what is no file, for more than 1 MiB, and where it cannot be read.
pub fn read(path: &Path, what: &str) -> Result<Zeroizing<Vec<u8>>> {
    let (file, metadata) = open(path, what)?;
    read_open(file, &metadata, path, what)
}

fn open(path: &Path, what: &str) -> Result<(File, Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a FIFO without a writer would block.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY | nix::libc::O_CLOEXEC,
    );
    let opened = options.open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    let (file, metadata) = opened.map_err(|e| unreadable(path, what, &e))?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(refuse(path, what, "is no file but a folder, a pipe or a device")),
    }
}

fn read_open(file: File, metadata: &Metadata, path: &Path, what: &str) -> Result<Zeroizing<Vec<u8>>> {
    // Allocated at once, as growing would leave copies of a secret.
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len().min(MAX_SIZE) as usize + 1));
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(|e| unreadable(path, what, &e))?;
    match bytes.len() as u64 > MAX_SIZE {
        true => Err(refuse(path, what, &format!("is larger than {} MiB", MAX_SIZE >> 20))),
        false => Ok(bytes),
    }
}

fn refuse(path: &Path, what: &str, why: &str) -> Error {
    Error::invalid_input(format!("The {what} {} {why}.", path.display()))
}

fn unreadable(path: &Path, what: &str, error: &io::Error) -> Error {
    refuse(path, what, &format!("cannot be read: {error}"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn refused(path: &Path) -> String {
        read_secret(path, "test", 0o077).map(drop).expect_err("taken").to_string()
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        assert!(
            std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&fifo).status().unwrap().success()
        );
        let link = folder.path().join("link");
        symlink(&fifo, &link).unwrap();
        for path in [&fifo, &link, folder.path(), Path::new("/dev/zero")] {
            assert!(refused(path).ends_with("is no file but a folder, a pipe or a device."), "{path:?}");
            assert!(read(path, "test").is_err(), "{path:?}");
        }
        assert!(
            refused(Path::new("/nowhere/x")).starts_with("The test /nowhere/x cannot be read: No such file")
        );
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_SIZE).unwrap();
        assert_eq!(read_secret(file.path(), "test", 0o077).unwrap().len() as u64, MAX_SIZE);
        file.as_file().set_len(1 << 40).unwrap();
        assert!(refused(file.path()).ends_with("is larger than 1 MiB."));
    }

    #[test]
    fn a_mode_with_refused_bits_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (rights, refused, taken) in [
            (0o600, 0o077, true),
            (0o400, 0o077, true),
            (0o640, 0o077, false),
            (0o640, 0o027, true),
            (0o660, 0o027, false),
        ] {
            mode(file.path(), rights);
            assert_eq!(read_secret(file.path(), "test", refused).is_ok(), taken, "{rights:o} {refused:o}");
        }
    }

    #[test]
    fn nobody_else_can_put_another_file_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (real, links) = (folder.path().join("real"), folder.path().join("links"));
        for folder in [&real, &links] {
            std::fs::create_dir(folder).unwrap();
        }
        let (file, link) = (real.join("x"), links.join("x"));
        std::fs::write(&file, "s3cret").unwrap();
        mode(&file, 0o600);
        symlink(&file, &link).unwrap();
        assert_eq!(*read_secret(&link, "test", 0o077).unwrap(), b"s3cret");
        for (folder, path) in [(&real, &file), (&real, &link), (&links, &link)] {
            for (rights, taken) in [(0o777, false), (0o770, false), (0o1777, true), (0o755, true)] {
                mode(folder, rights);
                assert_eq!(read_secret(path, "test", 0o077).is_ok(), taken, "{folder:?} {rights:o} {path:?}");
            }
            mode(folder, 0o777);
            assert!(
                refused(path).ends_with(&format!("run: chmod go-w {}", folder.display())),
                "{}",
                refused(path)
            );
            mode(folder, 0o755);
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        for (owner, me, trusted) in
            [(0, 1000, true), (1000, 1000, true), (1001, 1000, false), (1000, 0, false)]
        {
            assert_eq!(permissions::is_trusted(owner, me), trusted, "{owner} {me}");
        }
        // Only root can give a file away.
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, "x").unwrap();
        mode(&file, 0o600);
        std::os::unix::fs::chown(&file, Some(12_345), None).unwrap();
        assert!(refused(&file).contains("belongs to another user"));
        std::os::unix::fs::chown(&file, Some(0), None).unwrap();
        std::os::unix::fs::chown(folder.path(), Some(12_345), None).unwrap();
        assert!(refused(&file).contains("is in a folder of another user"));
    }
}
