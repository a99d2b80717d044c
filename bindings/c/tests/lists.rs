//! What a language or a page lists by hand is what the core lists: kinds with their exit codes, steps, evidence and so on.

#![allow(clippy::unwrap_used)] // As in any test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::Path;

use send_im::{ErrorKind, Evidence, Format, Importance, Sent, Step, Tls, Wait};
use send_im_sandbox::Layout;

fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A name as every language spells it once its case and separators are gone.
fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The names of an enumeration, by the name that it has in Go.
fn lists() -> [(&'static str, BTreeSet<String>); 9] {
    macro_rules! list {
        ($go:literal, $of:ty) => {
            ($go, <$of>::ALL.iter().map(|one| bare(one.as_str())).collect())
        };
    }
    [
        list!("Kind", ErrorKind),
        list!("StepName", Step),
        list!("Sent", Sent),
        list!("Evidence", Evidence),
        list!("Format", Format),
        list!("Importance", Importance),
        list!("Wait", Wait),
        list!("TLS", Tls),
        list!("Layout", Layout),
    ]
}

/// What is in quotes in each line `… marker … = 'name'`.
fn quoted(source: &str, marker: &str, quote: char) -> BTreeSet<String> {
    let has = |line: &&str, word: &str| line.split_whitespace().any(|one| one == word);
    let lines = source.lines().filter(|line| has(line, marker) && has(line, "="));
    lines.filter_map(|line| line.split(quote).nth(1)).map(bare).collect()
}

#[test]
fn every_name_is_listed_in_go() {
    let files = ["kind", "receipt", "message", "account", "sandbox"];
    let all: String = files.map(|file| source(&format!("bindings/go/{file}.go"))).concat();
    for (name, wanted) in lists() {
        assert_eq!(quoted(&all, name, '"'), wanted, "{name}");
    }
}

#[test]
fn every_name_is_listed_in_php() {
    let enums =
        ["ErrorKind", "StepName", "Sent", "Evidence", "Format", "Importance", "Wait", "Tls", "Layout"];
    for (file, (_, wanted)) in enums.into_iter().zip(lists()) {
        let mut listed = quoted(&source(&format!("bindings/php/src/{file}.php")), "case", '\'');
        // For what a newer library knows.
        listed.remove("unknown");
        // Of the package itself.
        listed.remove("libraryunavailable");
        assert_eq!(listed, wanted, "{file}");
    }
}

#[test]
fn every_name_is_listed_in_dotnet() {
    let files = ["ErrorKind", "Receipt", "ImMessage", "Account", "SandboxOptions"];
    let all: String = files.map(|file| source(&format!("bindings/dotnet/SendIm/{file}.cs"))).concat();
    let enums = [
        "ErrorKind",
        "StepName",
        "Sent",
        "Evidence",
        "TextFormat",
        "Importance",
        "Wait",
        "Tls",
        "SandboxLayout",
    ];
    for (of, (_, wanted)) in enums.into_iter().zip(lists()) {
        let (_, body) = all.split_once(&format!("public enum {of}\n")).expect(of);
        let members = body.split('}').next().unwrap_or_default().lines().map(str::trim);
        let members = members.filter(|line| !line.starts_with('/')).filter_map(|line| line.strip_suffix(','));
        let mut listed: BTreeSet<_> = members.map(bare).collect();
        listed.remove("other");
        assert_eq!(listed, wanted, "{of}");
    }
}

#[test]
fn every_name_is_listed_in_node() {
    let types = source("bindings/node/index.d.ts");
    for (name, wanted) in lists() {
        // As every other name of JavaScript is written.
        let name = if name == "TLS" { "Tls" } else { name };
        let (_, list) = types.split_once(&format!("export type {name} =")).expect(name);
        let listed: BTreeSet<_> =
            list.split(';').next().unwrap_or_default().split('\'').skip(1).step_by(2).map(bare).collect();
        assert_eq!(listed, wanted, "{name}");
    }
}

/// Every file of a folder with this ending.
fn sources(folder: &str, ending: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| file.extension().is_some_and(|one| one == ending))
        .map(|file| read_to_string(file).unwrap())
        .collect()
}

/// The lines between the one that begins with these words and the brace that closes it.
fn body<'a>(source: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    let mut lines = source.lines().skip_while(move |line| !line.trim_start().starts_with(words));
    let first = lines.next().expect(words);
    let end = format!("{}}}", &first[..first.len() - first.trim_start().len()]);
    lines.take_while(move |line| !line.starts_with(&end)).map(str::trim)
}

#[test]
fn every_name_is_listed_in_kotlin() {
    let all = sources("bindings/kotlin/src/main/kotlin/im/send", "kt");
    for (name, wanted) in lists() {
        let name = match name {
            "Kind" => "ErrorKind",
            "TLS" => "Tls",
            same => same,
        };
        let declared = [' ', '('].map(|end| format!("public enum class {name}{end}"));
        let declared = declared.iter().find(|one| all.contains(one.as_str())).expect(name);
        // Before the methods.
        let mut over = false;
        let entries =
            body(&all, declared).take_while(|line| !std::mem::replace(&mut over, line.ends_with(';')));
        let entries = entries.filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
        let listed: BTreeSet<_> =
            entries.filter_map(|line| line.split([',', ';', '(']).next()).map(bare).collect();
        assert_eq!(listed, wanted, "{name}");
    }
}

#[test]
fn every_name_is_listed_in_swift() {
    let all = sources("bindings/swift/Sources/SendIm", "swift");
    for (name, wanted) in lists() {
        let declared = ["struct", "enum"].map(|of| format!("public {of} {name}:"));
        let declared = declared.iter().find(|one| all.contains(one.as_str())).expect(name);
        let names = body(&all, declared).filter_map(|line| {
            let rest = line.strip_prefix("case ").or_else(|| line.strip_prefix("public static let "))?;
            rest.split(" = ").next()
        });
        let listed: BTreeSet<_> = names.flat_map(|names| names.split(',')).map(bare).collect();
        assert_eq!(listed, wanted, "{name}");
    }
}

#[test]
fn every_name_is_listed_in_python() {
    let types = source("bindings/python/src/send_im/_types.py");
    for (name, wanted) in lists() {
        let name = if name == "TLS" { "Tls" } else { name };
        // The sandbox's layout is a word.
        let Some((_, list)) = types.split_once(&format!("\n{name}: TypeAlias = Literal[")) else {
            assert_eq!(name, "Layout");
            continue;
        };
        let listed: BTreeSet<_> =
            list.split(']').next().unwrap_or_default().split('"').skip(1).step_by(2).map(bare).collect();
        assert_eq!(listed, wanted, "{name}");
    }
}

#[test]
fn every_kind_is_listed_in_ruby() {
    let errors = source("bindings/ruby/lib/send_im/errors.rb");
    // Classes, each with its kinds: `NotDelivered => %i[declined busy],`.
    let kinds = body(&errors, "KINDS = {").filter_map(|line| line.split_once("%i[")?.1.split(']').next());
    let listed: BTreeSet<_> = kinds.flat_map(str::split_whitespace).map(bare).collect();
    assert_eq!(listed, lists()[0].1);
}

fn exit_codes() -> BTreeMap<String, u8> {
    ErrorKind::ALL.iter().map(|kind| (bare(kind.as_str()), kind.exit_code())).collect()
}

/// The kinds among these words, however a language spells them.
fn kinds<'a>(words: impl Iterator<Item = &'a str> + Clone) -> impl Iterator<Item = String> {
    let known = exit_codes();
    words
        .map(|word| bare(word.strip_prefix("Err").unwrap_or(word)))
        .filter(move |word| known.contains_key(word))
}

fn words(text: &str) -> impl Iterator<Item = &str> + Clone {
    text.split(|sign: char| !sign.is_alphanumeric() && sign != '_').filter(|word| !word.is_empty())
}

#[test]
fn exit_codes_in_the_sources_are_those_of_the_core() {
    for (file, function, gives) in [
        ("bindings/go/kind.go", "func (k Kind) exitCode() int", "return"),
        ("bindings/php/src/ErrorKind.php", "function exitCode(): int", "=>"),
        ("bindings/dotnet/SendIm/Names.cs", "int ExitCode(ErrorKind kind)", "return"),
    ] {
        let source = source(file);
        let (_, body) = source.split_once(function).expect(function);
        let (named, default) = body.split_once("default").unwrap();
        let code = |text: &str| words(text).next().and_then(|word| word.parse::<u8>().ok()).unwrap();
        let rest = code(default.split_once(gives).unwrap().1);
        let mut found: BTreeMap<_, _> = exit_codes().into_keys().map(|kind| (kind, rest)).collect();
        // Names, then their number, and so on.
        let parts: Vec<_> = named.split(gives).collect();
        for pair in parts.windows(2) {
            found.extend(kinds(words(pair[0])).map(|kind| (kind, code(pair[1]))));
        }
        assert_eq!(found, exit_codes(), "{file}");
    }
}

#[test]
fn exit_codes_in_the_tables_of_the_pages_are_those_of_the_core() {
    let packages = ["dotnet", "go", "kotlin", "node", "php", "python", "ruby", "swift"];
    let pages = packages.map(|package| format!("bindings/{package}/README.md"));
    for page in pages.into_iter().chain(["README.md".to_owned()]) {
        let mut found = BTreeMap::new();
        for row in source(&page).lines() {
            let cells: Vec<_> = row.trim_matches('|').split('|').collect();
            let Some(Ok(code)) = cells.last().map(|cell| cell.trim().parse::<u8>()) else { continue };
            for kind in kinds(words(row)) {
                assert_eq!(*found.entry(kind).or_insert(code), code, "{page}: {row}");
            }
        }
        assert_eq!(found, exit_codes(), "{page}");
    }
}
