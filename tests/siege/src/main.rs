//! `siege certificate` makes what https needs, `siege besiege` is the hostile connections, `siege call` the honest callers.
//! `tests/siege/run.py` says how many of each, against what, and how long, as JSON; the README beside this says what they do.

mod besiegers;
mod callers;
#[path = "../../soak/src/chance.rs"]
#[allow(dead_code)] // the soak makes more choices
mod chance;
mod frames;
mod target;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde::Deserialize;

/// A service, as the driver tells of it.
#[derive(Clone, Deserialize)]
pub(crate) struct Service {
    /// `http` or `https`: the name in what is printed.
    name: String,
    address: std::net::SocketAddr,
    /// PEM file of its authority; it speaks https then.
    ca_file: Option<String>,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Plan {
    services: Vec<Service>,
    seconds: f64,
    seed: u64,
    /// How many connections of each kind, against each service.
    #[serde(default)]
    besiegers: BTreeMap<String, usize>,
    /// Where connections of many addresses come from.
    #[serde(default)]
    addresses: Vec<Ipv4Addr>,
    /// Where those come from that are all of one address; honest callers are of another one.
    address: Ipv4Addr,
    /// Messages a second of each honest caller.
    #[serde(default)]
    pace: f64,
    /// How long a caller waits for any answer, in seconds.
    #[serde(default)]
    patience: u64,
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["certificate", folder] => certificate(folder),
        [what, plan] => {
            let plan: Plan = serde_json::from_str(plan).unwrap();
            let length = Duration::from_secs_f64(plan.seconds);
            match what {
                "besiege" => besiegers::run(plan, length).await,
                "call" => callers::run(plan, length).await,
                _ => panic!("there is no siege {what}"),
            }
        }
        _ => panic!("siege certificate FOLDER, siege besiege PLAN or siege call PLAN"),
    }
}

/// Writes an authority, and a certificate of 127.0.0.1 with its key.
fn certificate(folder: &str) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(format!("{folder}/ca.pem"), authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    fs::write(format!("{folder}/im.pem"), certificate.pem()).unwrap();
    fs::write(format!("{folder}/im.key"), key.serialize_pem()).unwrap();
}

/// One JSON object on a line of standard output.
pub(crate) fn tell(value: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}").unwrap();
    out.flush().unwrap();
}
