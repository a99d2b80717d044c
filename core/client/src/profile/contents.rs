//! Reads the text of a profile. Errors name line and key, never a value: that may be the password.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::account::Account;
use crate::plain::option_name;

const KEYS: [&str; 6] = ["address", "password", "username", "server", "ca_file", "tls"];
const EXPECTED_KEYS: &str = "it holds address, password and optionally username, server, ca_file, tls";

/// The account of a profile's text; a byte order mark at its start is skipped.
///
/// # Errors
/// Completes "The profile …". The parser's message is not used, as it may quote a line.
pub(super) fn account_of_profile(text: &str) -> Result<Account, String> {
    let table = DeTable::parse(text).map_err(|e| not_toml(text, &e))?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    for (key, value) in &entries {
        check(text, key.get_ref(), key.span(), value.get_ref())?;
    }
    let value = |key: &str| table.get_ref().get(key).and_then(|value| value.get_ref().as_str());
    let required = |key: &str| value(key).ok_or_else(|| format!("has no {key}; {EXPECTED_KEYS}"));
    let mut account = Account::with_password(required("address")?, required("password")?);
    if let Some(username) = value("username") {
        account = account.username(username);
    }
    if let Some(server) = value("server") {
        account = account.server(server);
    }
    if let Some(ca_file) = value("ca_file") {
        account = account.ca_file(ca_file);
    }
    if let Some(tls) = value("tls") {
        let tls = tls.parse().map_err(|_| "says neither current nor compatible as tls; give one of them")?;
        account = account.tls(tls);
    }
    Ok(account)
}

/// Checks one key and the type of its value.
fn check(text: &str, key: &str, at: Range<usize>, value: &DeValue<'_>) -> Result<(), String> {
    let line = line_of(text, at.start);
    let found = match value {
        DeValue::String(_) if KEYS.contains(&key) => return Ok(()),
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false without quotes",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
        DeValue::String(_) => "a text",
    };
    if KEYS.contains(&key) {
        return Err(format!("has {found} as {key} at line {line}; write it as text in quotes"));
    }
    let name = quoted(key);
    let in_table =
        format!("has a table{name} at line {line}; its keys stand in no table, and {EXPECTED_KEYS}");
    match value {
        DeValue::Table(_) => Err(in_table),
        DeValue::Array(list) if list.iter().any(|one| one.get_ref().is_table()) => Err(in_table),
        _ => Err(format!("has an unknown key{name} at line {line}; {EXPECTED_KEYS}")),
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let span = error.span().unwrap_or_default();
    let line = line_of(text, span.start);
    if error.message() == "duplicate key" {
        let name = quoted(text.get(span).unwrap_or_default().trim_matches(['"', '\'']));
        return format!("has a key{name} for the second time at line {line}; each key stands there once");
    }
    let why = match text.lines().nth(line - 1).and_then(|l| l.split_once('"')) {
        Some((_, rest)) if rest.contains('\\') => {
            r"a backslash in double quotes begins an escape; write 'DOMAIN\user' in single quotes or double the backslash"
        }
        _ => "a line is a key, an equals sign and a text in quotes",
    };
    format!("is not valid TOML at line {line}: {why}")
}

/// A key in backticks after a blank; empty where it may be a password.
fn quoted(key: &str) -> String {
    option_name(key).map_or_else(String::new, |key| format!(" `{key}`"))
}

/// The number of the line a byte is in, from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Tls;

    const GOOD: &str = "address = 'tosh@contoso.com'\npassword = 's3cret'\n";

    fn refused(text: &str) -> String {
        let why = account_of_profile(text).map(drop).expect_err(text);
        assert!(!why.contains("s3cret") && !why.contains(['\r', '\n', '{']), "{why}");
        why
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        assert_eq!(
            refused("# who sends\naddress = 'tosh@contoso.com'\npasword = 's3cret'\n"),
            "has an unknown key `pasword` at line 3; it holds address, password and optionally username, server, ca_file, tls"
        );
        // The first by line, not by name, and before a missing one.
        assert!(
            refused("server-url = 1\nname = 2\r\n").starts_with("has an unknown key `server-url` at line 1;")
        );
        assert!(
            refused("\r\n\r\nPassword = 's3cret'").starts_with("has an unknown key `Password` at line 3;")
        );
    }

    #[test]
    fn what_may_be_a_password_is_not_shown_as_a_key() {
        for line in ["s3cret = 1", "'my s3cret' = 1", "\"\" = 1", "abcdefghijklmnopqrstu = 1", "'pä' = 1"] {
            let why = refused(&format!("{GOOD}{line}"));
            assert!(why.starts_with("has an unknown key at line 3;"), "{why}");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_named() {
        for again in ["password = 's3cret2'", "'password' = 's3cret2'", "\"password\" = 's3cret2'"] {
            assert_eq!(
                refused(&format!("{GOOD}{again}")),
                "has a key `password` for the second time at line 3; each key stands there once"
            );
        }
    }

    #[test]
    fn a_key_that_is_missing_is_named() {
        assert!(refused("").starts_with("has no address; it holds address,"));
        assert!(refused("address = 'tosh@contoso.com'").starts_with("has no password; it holds address,"));
        assert!(refused("password = 's3cret'").starts_with("has no address;"));
    }

    #[test]
    fn a_value_of_another_type_is_named_by_its_key() {
        for (value, found) in [
            ("12345", "a number"),
            ("1.5", "a number"),
            ("true", "true or false without quotes"),
            ("1979-05-27", "a date or a time"),
            ("['s3cret']", "a list"),
            ("{ is = 's3cret' }", "a table"),
        ] {
            let why = refused(&format!("address = 'tosh@contoso.com'\npassword = {value}\n"));
            assert_eq!(why, format!("has {found} as password at line 2; write it as text in quotes"));
        }
        assert!(
            refused(&format!("{GOOD}server.url = 's3cret'")).starts_with("has a table as server at line 3;")
        );
    }

    #[test]
    fn tls_is_one_of_two_words() {
        let read = |tls| account_of_profile(&format!("{GOOD}tls = '{tls}'\n"));
        assert_eq!(read("compatible").unwrap().tls, Tls::Compatible);
        assert_eq!(read("current").unwrap().tls, Tls::Current);
        assert_eq!(
            read("s3cret").unwrap_err(),
            "says neither current nor compatible as tls; give one of them"
        );
    }

    #[test]
    fn a_table_belongs_nowhere() {
        for header in ["[account]", "[[account]]", "account.name = 's3cret'"] {
            let why = refused(&format!("\n{header}\n{GOOD}"));
            assert!(why.starts_with("has a table `account` at line 2;"), "{why}");
        }
        let why = refused(&format!("{GOOD}[s3cret]\n"));
        assert!(
            why.starts_with("has a table at line 3; its keys stand in no table, and it holds address"),
            "{why}"
        );
    }

    #[test]
    fn what_is_not_toml_is_named_by_its_line() {
        for (line, text) in [
            (1, "s3cret"),
            (2, "address = 'tosh@contoso.com'\npassword = s3cret\n"),
            (2, "address = 'tosh@contoso.com'\npassword 's3cret'\n"),
            (2, "address = 'tosh@contoso.com'\npassword = 's3cret\n"),
            (2, "address = 'tosh@contoso.com'\npassword = \"s3cret\n"),
            (3, "address = 'tosh@contoso.com'\r\n\r\npassword = s3cret\r\n"),
            (3, "address = 'tosh@contoso.com'\npassword = 's3cret'\n[s3cret\n"),
            (1, "password = s3cret=\naddress = 'x'"),
        ] {
            let why = refused(text);
            let expected = format!(
                "is not valid TOML at line {line}: a line is a key, an equals sign and a text in quotes"
            );
            assert_eq!(why, expected, "{text:?}");
        }
    }

    #[test]
    fn an_invalid_escape_is_explained_as_a_backslash() {
        for user in [
            r"CONTOSO\smith",
            r"CONTOSO\ursula",
            r"CONTOSO\Ulla",
            r"CONTOSO\xaver",
            r"CONTOSO\",
            r"CONTOSO\ä",
        ] {
            let why = refused(&format!("{GOOD}username = \"{user}\"\n"));
            assert!(why.starts_with("is not valid TOML at line 3: a backslash in double quotes"), "{why}");
            assert!(why.contains(r"'DOMAIN\user' in single quotes"), "{why}");
        }
    }

    #[test]
    fn a_valid_escape_is_found_by_the_check_of_the_account() {
        for user in [
            r"CONTOSO\tosh",
            r"CONTOSO\bob",
            r"CONTOSO\fred",
            r"CONTOSO\nina",
            r"CONTOSO\rob",
            r"CONTOSO\edward",
        ] {
            let account = account_of_profile(&format!("{GOOD}username = \"{user}\"\n")).unwrap();
            let why = account.check_fields().unwrap_err().to_string();
            assert!(why.contains(r"a backslash in quotes may have been read as an escape"), "{user}: {why}");
        }
        let account = account_of_profile(&format!("{GOOD}username = 'CONTOSO\\tosh'\n")).unwrap();
        account.check_fields().unwrap();
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        account_of_profile(&format!("\u{feff}{GOOD}")).unwrap().check_fields().unwrap();
        assert!(
            refused(&format!("\u{feff}{GOOD}pasword = 1"))
                .starts_with("has an unknown key `pasword` at line 3;")
        );
    }
}
