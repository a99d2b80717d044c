//! The certificates of a CA file: PEM or DER, in the encodings that Windows tools write.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::{Error, Result};
use crate::files;

/// The start of PKCS#7 after its header: the object identifier of signed data.
const PKCS7_START: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

/// The start of PKCS#12 after its header: its version, 3.
const PKCS12_START: &[u8] = &[0x02, 0x01, 0x03];

/// The header of a DER sequence: its tag and a length of up to five bytes.
const MAX_DER_HEADER: usize = 6;

/// Reads PEM, with or without a byte order mark, and DER.
///
/// # Errors
/// `invalid_input` where the file cannot be read or holds no certificate; it says how to convert PKCS#7 and PKCS#12.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let refuse = |why: &str| Error::invalid_input(format!("The CA file {} {why}.", path.display()));
    let bytes = files::read(path, "CA file")?;
    if bytes.starts_with(b"\x30") {
        return from_der(&bytes).map(|one| vec![one]).map_err(|why| refuse(&why));
    }
    let text = text_of(&bytes);
    let found: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| refuse(&format!("cannot be read as PEM certificates: {e}")))?;
    // A verifier that is given one it does not understand trusts none, not even those of the operating system.
    let (found, unusable): (Vec<_>, Vec<_>) = found.into_iter().partition(is_usable);
    if !unusable.is_empty() && !found.is_empty() {
        let (file, unusable) = (path.display(), unusable.len());
        tracing::warn!(target: "send_im", "{unusable} certificates of the CA file {file} are left out: they cannot be read");
    }
    match found.is_empty() {
        false => Ok(found),
        true if text.contains("-----BEGIN PKCS7-----") => Err(refuse(&is_pkcs7(""))),
        true => Err(refuse("holds no certificate in PEM or DER form")),
    }
}

/// The text of a file as PowerShell and Windows editors write it: UTF-16, or UTF-8 with a byte order mark, several marks where
/// files were joined.
fn text_of(bytes: &[u8]) -> String {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match bytes {
        [0xff, 0xfe, ..] => utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.replace('\u{feff}', "")
}

fn from_der(bytes: &[u8]) -> std::result::Result<CertificateDer<'static>, String> {
    let starts_with =
        |start: &[u8]| bytes.windows(start.len()).take(MAX_DER_HEADER + 1).any(|part| part == start);
    if starts_with(PKCS7_START) {
        return Err(is_pkcs7(" -inform DER"));
    }
    let certificate = CertificateDer::from(bytes.to_vec());
    match is_usable(&certificate) {
        true => Ok(certificate),
        false if starts_with(PKCS12_START) => Err(
            "is in PKCS#12 form (.pfx, .p12), which holds keys; convert its certificates with: openssl pkcs12 -nokeys -in FILE -out ca.pem"
                .to_owned(),
        ),
        false => Err("holds no certificate in PEM or DER form".to_owned()),
    }
}

fn is_usable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

fn is_pkcs7(form: &str) -> String {
    format!(
        "is in PKCS#7 form (.p7b); convert it with: openssl pkcs7{form} -print_certs -in FILE -out ca.pem"
    )
}

#[cfg(test)]
mod tests {

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;

    fn read(bytes: &[u8]) -> std::result::Result<Vec<CertificateDer<'static>>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        certificates(file.path()).map_err(|e| e.detail().replace(&file.path().display().to_string(), "X"))
    }

    fn authority() -> (String, Vec<u8>, String) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        (made.pem(), made.der().to_vec(), key.serialize_pem())
    }

    /// What the openssl command makes of a file.
    #[cfg(unix)]
    fn openssl(arguments: &[&str], input: &str) -> Vec<u8> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), input).unwrap();
        let output = std::process::Command::new("openssl").args(arguments).arg(file.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    #[test]
    fn a_certificate_is_read_in_each_form_that_windows_writes() {
        let (pem, der, key) = authority();
        let pem = pem.replace("\r\n", "\n").replace('\n', "\r\n");
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{pem}").encode_utf16().flat_map(bytes).collect()
        };
        for bytes in [
            pem.clone().into_bytes(),
            format!("\u{feff}{pem}").into_bytes(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            der.clone(),
            format!("{key}Bag Attributes: none\n{pem}").into_bytes(),
        ] {
            assert_eq!(read(&bytes).unwrap(), [CertificateDer::from(der.clone())]);
        }
        assert_eq!(read(format!("{pem}\u{feff}{pem}").as_bytes()).unwrap().len(), 2);
    }

    /// The verifier refuses all authorities, those of the system too, where one is not understood.
    #[test]
    fn one_certificate_of_many_that_is_damaged_costs_no_other() {
        let (pem, der, _) = authority();
        let damaged = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
        let found = read(format!("{damaged}{pem}").as_bytes()).unwrap();
        assert_eq!(found, [CertificateDer::from(der)]);
        assert!(read(damaged.as_bytes()).unwrap_err().contains("holds no certificate"));
    }

    #[cfg(unix)] // by openssl
    #[test]
    fn what_is_in_another_form_is_told_with_how_to_convert_it() {
        let (pem, der, key) = authority();
        let pkcs7 = |form| openssl(&["crl2pkcs7", "-nocrl", "-outform", form, "-certfile"], &pem);
        let error = |bytes: &[u8]| read(bytes).unwrap_err();
        let as_pkcs7 = |form| {
            format!(
                "The CA file X is in PKCS#7 form (.p7b); convert it with: openssl pkcs7{form} -print_certs -in FILE -out ca.pem."
            )
        };
        assert_eq!(error(&pkcs7("PEM")), as_pkcs7(""));
        assert_eq!(error(&[b"\xef\xbb\xbf".as_slice(), &pkcs7("PEM")].concat()), as_pkcs7(""));
        assert_eq!(error(&pkcs7("DER")), as_pkcs7(" -inform DER"));
        let both = format!("{key}{pem}");
        let pkcs12 = openssl(&["pkcs12", "-export", "-passout", "pass:x", "-in"], &both);
        assert!(error(&pkcs12).contains("openssl pkcs12 -nokeys"), "{}", error(&pkcs12));
        let none = "The CA file X holds no certificate in PEM or DER form.";
        let cut = der.get(..der.len() - 1).unwrap();
        for bytes in [b"".as_slice(), b"hello", b"0", b"\xff\xfe", key.as_bytes(), cut] {
            assert_eq!(error(bytes), none);
        }
    }
}
