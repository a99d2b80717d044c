//! What a certificate says of itself, for a person.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::time::ASN1Time;

use crate::plain::plain_name;

/// How many of its names are listed.
const MAX_NAMES: usize = 10;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// What a certificate says of itself. None of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// The names and addresses it holds, the first ten.
    pub(crate) names: Vec<String>,
    /// The date of its first day, where that is still to come.
    pub(crate) begins: Option<String>,
    /// The date of its last day, for example `2027-01-31`.
    pub(crate) last_day: String,
    /// Whole days from now to its end; negative once it has expired.
    pub(crate) days_left: i64,
}

impl Certificate {
    /// `None` for one that cannot be read.
    pub(crate) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = parse_x509_certificate(der).ok()?;
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let mut names = Vec::new();
        for name in alternative.iter().flat_map(|names| &names.value.general_names).filter_map(name) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.truncate(MAX_NAMES);
        let (begin, end) = (certificate.validity().not_before, certificate.validity().not_after);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        Some(Self {
            subject: plain_name(&certificate.subject().to_string()),
            issuer: plain_name(&certificate.issuer().to_string()),
            names,
            begins: (begin.timestamp() > now).then(|| day(begin)),
            last_day: day(end),
            days_left: (end.timestamp() - now).div_euclid(SECONDS_A_DAY),
        })
    }
}

fn day(time: ASN1Time) -> String {
    let date = time.to_datetime().date();
    format!("{}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(plain_name(name)),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn a_certificate_tells_each_name_once_and_its_last_day() {
        let mut params =
            CertificateParams::new(["pool.contoso.com", "192.0.2.7", "pool.contoso.com"].map(str::to_owned))
                .unwrap();
        params.distinguished_name.push(DnType::CommonName, "pool\u{202e}");
        params.not_after = date_time_ymd(2020, 2, 3);
        let made = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let read = Certificate::read(made.der()).unwrap();
        assert_eq!(read.names, ["pool.contoso.com", "192.0.2.7"]);
        assert_eq!((read.last_day.as_str(), read.days_left < -365), ("2020-02-03", true));
        assert_eq!(read.begins, None);
        assert!(read.subject.contains("pool") && !read.subject.contains('\u{202e}'), "{}", read.subject);
        assert_eq!(Certificate::read(&CertificateDer::from(vec![0x30, 0])), None);
    }
}
