//! On Windows: the owner and the access list of the file.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use windows_permissions::constants::{SeObjectType, SecurityInformation};
use windows_permissions::utilities::current_process_sid;
use windows_permissions::wrappers::{
    ConvertSecurityDescriptorToStringSecurityDescriptor as sddl, GetSecurityInfo,
};
use windows_permissions::{LocalBox, SecurityDescriptor, Sid};

use super::access_list::{Stranger, stranger};

/// Completes "The file …" where it is not trusted.
pub(super) fn check(path: &Path, file: &File, _: &Metadata, _: u32) -> Result<(), String> {
    let why_not = why_not(path, file).map_err(|e| format!("cannot be read: {e}."))?;
    why_not.map_or(Ok(()), Err)
}

fn why_not(path: &Path, file: &File) -> io::Result<Option<String>> {
    let asked = SecurityInformation::Owner | SecurityInformation::Dacl;
    let descriptor = sddl(&*GetSecurityInfo(file, SeObjectType::SE_FILE_OBJECT, asked)?, asked)?;
    let descriptor = descriptor.to_string_lossy();
    let me = current_process_sid()?.to_string();
    stranger(&descriptor, &abbreviated(&me)?).map(|found| refusal(path, &me, found)).transpose()
}

/// Why this file is not trusted, and the command that helps.
fn refusal(path: &Path, me: &str, found: Stranger) -> io::Result<String> {
    let shown = path.display();
    let others = match found {
        Stranger::Owner => {
            return Ok(format!(
                "belongs to another user; it must be yours or the Administrators'. Run as one of them: icacls \"{shown}\" /setowner \"*{me}\""
            ));
        }
        Stranger::Anybody => Vec::new(),
        Stranger::Allowed(others) => others,
    };
    let mut command = format!("icacls \"{shown}\" /inheritance:r /grant:r \"*{me}:F\"");
    for other in others {
        let other: LocalBox<Sid> = other.parse()?;
        command.push_str(&format!(" /remove:g \"*{}\"", &*other));
    }
    Ok(format!("holds a secret and others can read or change it; run: {command}"))
}

/// An identifier as descriptors have it, for example `LA` for the machine's own administrator.
fn abbreviated(sid: &str) -> io::Result<String> {
    let descriptor: LocalBox<SecurityDescriptor> = format!("O:{sid}").parse()?;
    let text = sddl(&descriptor, SecurityInformation::Owner)?;
    Ok(text.to_string_lossy().trim_start_matches("O:").to_owned())
}

#[cfg(test)]
mod tests {
    use windows_permissions::wrappers::SetNamedSecurityInfo;

    use super::*;

    fn allow(path: &Path, entries: &str) {
        let descriptor: LocalBox<SecurityDescriptor> = format!("D:P{entries}").parse().unwrap();
        let what = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
        let of = SeObjectType::SE_FILE_OBJECT;
        SetNamedSecurityInfo(path, of, what, None, None, descriptor.dacl(), None).unwrap();
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_with_the_command_that_helps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "s3cret").unwrap();
        let file = File::open(&path).unwrap();
        let me = current_process_sid().unwrap().to_string();
        let checked = || check(&path, &file, &file.metadata().unwrap(), 0o077);
        allow(&path, &format!("(A;;FA;;;{me})"));
        assert_eq!(checked(), Ok(()));
        allow(&path, &format!("(A;;FA;;;{me})(A;;FR;;;WD)"));
        let shown = path.display();
        assert_eq!(
            checked().unwrap_err(),
            format!(
                "holds a secret and others can read or change it; run: icacls \"{shown}\" /inheritance:r /grant:r \"*{me}:F\" /remove:g \"*S-1-1-0\""
            )
        );
    }

    #[test]
    fn a_file_of_somebody_else_is_refused_with_the_command_that_helps() {
        assert_eq!(
            refusal(Path::new(r"C:\p.toml"), "S-1-5-21-7", Stranger::Owner).unwrap(),
            r#"belongs to another user; it must be yours or the Administrators'. Run as one of them: icacls "C:\p.toml" /setowner "*S-1-5-21-7""#
        );
    }
}
