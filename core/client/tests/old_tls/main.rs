//! Servers whose TLS is that of Windows Server 2012 R2 and older, as OpenSSL speaks it.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use send_im::{Account, Error, ErrorKind, Message, Receipt, Sent, Tls};
use send_im_sandbox::Sandbox;

const NAME: &str = "pool.contoso.com";

/// What Windows Server 2012 R2 has with an RSA certificate, in the names of OpenSSL.
const OF_2012_R2: &str = "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256";

/// A sandbox behind TLS of another library.
struct Old {
    sandbox: Sandbox,
    front: Child,
    said: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Drop for Old {
    fn drop(&mut self) {
        let _ = self.front.kill();
        let _ = self.front.wait();
    }
}

impl Old {
    async fn start(ciphers: &str, version: &str, name: &str) -> Self {
        let sandbox = Sandbox::builder().https(true).http2(false).host_name(NAME).start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = if ciphers.starts_with("ECDHE-ECDSA") {
            "ec -pkeyopt ec_paramgen_curve:P-256"
        } else {
            "rsa:2048"
        };
        certificate(folder.path(), name, key);
        let port = sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
        let mut front = Command::new("python3")
            .args(["-W", "ignore", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/old_tls/front.py")])
            .args([folder.path().join("server.pem"), folder.path().join("server.key")])
            .args([ciphers, version, &port])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(front.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "listening\n");
        Self { sandbox, front, said, folder }
    }

    fn account(&self, tls: Tls) -> Account {
        Account::with_password("tosh@contoso.com", "x")
            .server(self.sandbox.url())
            .resolve(NAME, ([127, 0, 0, 2], 0).into())
            .tls(tls)
    }

    fn trusted(&self, tls: Tls) -> Account {
        self.account(tls).ca_file(self.folder.path().join("ca.pem"))
    }

    /// The cipher of each connection so far.
    fn ciphers(mut self) -> Vec<String> {
        self.front.kill().unwrap();
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        rest.lines().map(str::to_owned).collect()
    }
}

/// An authority and a certificate of it for this name.
fn certificate(folder: &Path, name: &str, key: &str) {
    std::fs::write(
        folder.join("extensions"),
        format!("subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n"),
    )
    .unwrap();
    for arguments in [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Contoso",
        &format!("req -newkey {key} -nodes -keyout server.key -out server.csr -subj /CN=pool"),
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 30 -extfile extensions",
    ] {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

async fn send(account: &Account, text: &str) -> Result<Receipt, Error> {
    let message = Message::text("lenea@contoso.com", text).timeout(Duration::from_secs(60));
    send_im::send(account, message).await
}

async fn refused(account: &Account) -> String {
    let error = send(account, "hello").await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Tls, Sent::No), "{error:?}");
    error.detail().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_2012_r2_is_told_and_reached_with_the_option() {
    for (ciphers, chosen) in [
        (OF_2012_R2, "ECDHE-RSA-AES128-SHA256"),
        ("ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES256-SHA"),
        ("ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES128-SHA"),
        ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA256"),
        ("ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA"),
        ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA"),
    ] {
        let old = Old::start(ciphers, "TLSv1_2", NAME).await;
        let told = refused(&old.trusted(Tls::Current)).await;
        assert!(told.contains("takes none of the cipher suites of current TLS"), "{told}");
        assert!(told.contains("SEND_IM_TLS"), "{told}");

        // Short, in the invitation; long, in several records each way.
        let account = old.trusted(Tls::Compatible);
        let long = "x".repeat(20_000);
        for text in ["hello", &long] {
            send(&account, text).await.unwrap();
        }
        let texts: Vec<_> = old.sandbox.messages().into_iter().map(|message| message.text).collect();
        assert!(texts == ["hello", &long], "{ciphers}: {}", texts.len());
        let used = old.ciphers();
        assert!(!used.is_empty() && used.iter().all(|cipher| cipher == chosen), "{ciphers}: {used:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_option_takes_the_better_suite_where_there_is_one() {
    let old = Old::start(&format!("{OF_2012_R2}:ECDHE-RSA-AES256-GCM-SHA384"), "TLSv1_3", NAME).await;
    for tls in [Tls::Current, Tls::Compatible] {
        send(&old.trusted(tls), "hello").await.unwrap();
    }
    let used = old.ciphers();
    assert!(used.len() >= 2 && used.iter().all(|cipher| cipher.starts_with("TLS_")), "{used:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_certificate_is_refused_with_and_without_the_option() {
    let both = "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
    for (ciphers, settings) in
        [(both, [Tls::Current, Tls::Compatible].as_slice()), ("ECDHE-RSA-AES128-SHA256", &[Tls::Compatible])]
    {
        let unknown = Old::start(ciphers, "TLSv1_2", NAME).await;
        let other = Old::start(ciphers, "TLSv1_2", "other.contoso.com").await;
        for tls in settings {
            let told = refused(&unknown.account(*tls)).await;
            assert!(told.contains("is signed by an authority this machine does not know"), "{told}");
            let told = refused(&other.trusted(*tls)).await;
            assert!(told.contains("is for another name") && told.contains("other.contoso.com"), "{told}");
        }
        assert!(unknown.sandbox.messages().is_empty() && other.sandbox.messages().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_option_reaches_names_none() {
    let no_ecdhe =
        Old::start("AES128-GCM-SHA256:AES128-SHA256:DHE-RSA-AES128-GCM-SHA256", "TLSv1_2", NAME).await;
    let told = refused(&no_ecdhe.trusted(Tls::Compatible)).await;
    assert!(told.contains("takes no cipher suite with ECDHE") && !told.contains("SEND_IM_TLS"), "{told}");

    let old = Old::start("DEFAULT:@SECLEVEL=0", "TLSv1_1", NAME).await;
    for tls in [Tls::Current, Tls::Compatible] {
        let told = refused(&old.trusted(tls)).await;
        assert!(
            told.contains("speaks no TLS of version 1.2 or later") && !told.contains("SEND_IM_TLS"),
            "{told}"
        );
    }
}
