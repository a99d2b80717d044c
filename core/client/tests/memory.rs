//! What is left of secrets in a process's own memory after the client was signed out and dropped.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on fails; a child tells by printing.

use std::io::{BufRead, Read, Seek, SeekFrom};
use std::process::Command;
use std::time::Duration;

use send_im::{Account, Client, Message};
use send_im_sandbox::Sandbox;

const URL: &str = "SEND_IM_TEST_URL";
const CA_FILE: &str = "SEND_IM_TEST_CA_FILE";

/// The password, which stands nowhere in the program as it is: what is looked for must not be found in the searcher.
fn password() -> String {
    (0..24u8).map(|n| char::from(b'a' + (n * 7 + 3) % 26)).collect()
}

/// Compares a byte at a time, so that no copy of the password is made.
fn is_password(bytes: &[u8]) -> bool {
    bytes.len() >= 24 && (0..24u8).zip(bytes).all(|(n, byte)| *byte == b'a' + (n * 7 + 3) % 26)
}

/// A token of the sandbox: its four letters, and a good deal of what follows.
fn is_token(bytes: &[u8]) -> bool {
    let word = [b'c' ^ 1, b'w' ^ 1, b't' ^ 1, b'=' ^ 1];
    bytes.len() >= 24
        && word.iter().zip(bytes).all(|(letter, byte)| letter ^ 1 == *byte)
        && bytes[4..24].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// What is found in the memory this process may write to.
#[derive(Debug, Default)]
struct Found {
    passwords: usize,
    /// Tokens that stand as our own code keeps them.
    tokens: usize,
    /// Tokens in the head of a request or in an answer, as the HTTP and TLS libraries keep them in buffers of their own.
    in_traffic: usize,
}

impl Found {
    fn look(&mut self, bytes: &[u8]) {
        for first in [b'a' + 3, b'c'] {
            let mut rest = bytes;
            // The search of the standard library: this program is not optimized, and there is a lot of memory.
            while rest.skip_until(first).is_ok_and(|skipped| skipped > 0) {
                let at = (bytes.len() - rest.len()).saturating_sub(1);
                let place = &bytes[at..];
                self.passwords += usize::from(is_password(place));
                if is_token(place) {
                    let before = &bytes[..at];
                    let end = place.iter().position(|b| matches!(b, b'"' | 0)).unwrap_or(place.len());
                    // The allocator writes into the beginning of what was freed, so either side of it tells.
                    let in_traffic = before.ends_with(b"authorization: Bearer ")
                        || before.ends_with(b"access_token\":\"")
                        || place[end..].starts_with(b"\",\"expires_in\"");
                    *(if in_traffic { &mut self.in_traffic } else { &mut self.tokens }) += 1;
                }
            }
        }
    }

    fn now() -> Self {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
        let mut found = Self::default();
        // What is read goes into one buffer, which is not searched itself.
        let mut buffer = vec![0; 8 << 20];
        let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
        for line in maps.lines() {
            let mut words = line.split_whitespace();
            let (range, rights) = (words.next().unwrap(), words.next().unwrap());
            if !rights.starts_with("rw") {
                continue;
            }
            let (from, to) = range.split_once('-').unwrap();
            let address = |text| usize::from_str_radix(text, 16).unwrap();
            let (mut from, to) = (address(from), address(to));
            while from < to {
                if own.contains(&from) {
                    from = own.end;
                    continue;
                }
                let end = if from < own.start { to.min(own.start) } else { to };
                let length = (end - from).min(buffer.len());
                memory.seek(SeekFrom::Start(from as u64)).unwrap();
                if memory.read_exact(&mut buffer[..length]).is_ok() {
                    found.look(&buffer[..length]);
                }
                // A secret that lies across the end of what was read is seen with the next.
                from += if from + length < end { length - 64 } else { length };
            }
        }
        found
    }

    fn tell(when: &str) {
        let Found { passwords, tokens, in_traffic } = Self::now();
        println!("\n{when} {passwords} {tokens} {in_traffic}");
    }
}

/// The process that is searched: it signs in, sends, signs out, drops everything and looks.
fn child(url: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Taken both ways, with room behind it as a text has that grew.
        let mut roomy = String::with_capacity(4096);
        roomy.extend(password().drain(..));
        let mut account = Account::with_password("lenea@contoso.com", password()).server(url);
        account = account.other_sender("tosh@contoso.com", roomy);
        if let Ok(file) = std::env::var(CA_FILE) {
            account = account.ca_file(file);
        }
        let client = Client::sign_in(account).await.unwrap();
        Found::tell("before");
        client
            .send(Message::text("lenea@contoso.com", "hello").timeout(Duration::from_secs(30)))
            .await
            .unwrap();
        client.sign_out().await.unwrap();
        drop(client);
    });
    drop(runtime);
    Found::tell("after");
}

#[test]
fn no_secret_of_ours_is_left_after_the_sign_out() {
    if let Ok(url) = std::env::var(URL) {
        return child(&url);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for https in [false, true] {
        let sandbox = runtime
            .block_on(Sandbox::builder().https(https).user("tosh@contoso.com", &password()).start())
            .unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "no_secret_of_ours_is_left_after_the_sign_out", "--nocapture"])
            .env(URL, sandbox.url());
        if let Some(file) = sandbox.ca_file() {
            command.env(CA_FILE, file);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        let told = |when: &str| {
            let line =
                told.lines().find_map(|line| line.strip_prefix(when)).unwrap_or_else(|| panic!("{output:?}"));
            let mut counts = line.split_whitespace().map(|word| word.parse().unwrap());
            let mut next = || counts.next().unwrap();
            Found { passwords: next(), tokens: next(), in_traffic: next() }
        };
        let (before, after) = (told("before"), told("after"));
        println!("https {https}: before the sign-out {before:?}, after it {after:?}");
        assert!(before.passwords > 0 && before.tokens > 0, "the search finds nothing even where it must");
        assert_eq!((after.passwords, after.tokens), (0, 0), "https {https}");
    }
}
