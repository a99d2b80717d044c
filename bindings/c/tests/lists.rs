//! What a language or a page lists by hand is what the core lists: kinds with their exit codes, steps, evidence and so on.

#![allow(clippy::unwrap_used)] // As in any test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::Path;

use send_im::{
    AdviceOwner, CheckName, CheckOutcome, ErrorKind, Evidence, Format, Importance, Sent, Step, Tls, Wait,
};
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
fn quoted<'a>(source: &'a str, marker: &str, quote: char) -> Vec<&'a str> {
    let has = |line: &&str, word: &str| line.split_whitespace().any(|one| one == word);
    let lines = source.lines().filter(|line| has(line, marker) && has(line, "="));
    lines.filter_map(|line| line.split(quote).nth(1)).collect()
}

/// What is in quotes between these words and the end of the list.
fn quoted_in<'a>(source: &'a str, words: &str, end: char, quote: char) -> Vec<&'a str> {
    let (_, list) = source.split_once(words).expect(words);
    list.split(end).next().unwrap_or_default().split(quote).skip(1).step_by(2).collect()
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

/// The lines between the one that begins like this and the brace that closes it.
fn body<'a>(source: &'a str, begins: &str) -> Vec<&'a str> {
    let declares = |line: &str| {
        line.trim_start().strip_prefix(begins).map(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let mut lines = source.lines().skip_while(|line| declares(line) != Some(true));
    let first = lines.next().expect(begins);
    let end = format!("{}}}", &first[..first.len() - first.trim_start().len()]);
    lines
        .skip_while(|line| line.trim() == "{")
        .take_while(|line| !line.starts_with(&end))
        .map(str::trim)
        .collect()
}

#[test]
fn every_name_is_listed_in_every_language() {
    let (go, dotnet) = (sources("bindings/go", "go"), sources("bindings/dotnet/SendIm", "cs"));
    let (kotlin, swift) = (
        sources("bindings/kotlin/src/main/kotlin/im/send", "kt"),
        sources("bindings/swift/Sources/SendIm", "swift"),
    );
    let (node, python) =
        (source("bindings/node/index.d.ts"), source("bindings/python/src/send_im/_types.py"));
    for (in_go, wanted) in lists() {
        let of_js = if in_go == "TLS" { "Tls" } else { in_go };
        let name = if in_go == "Kind" { "ErrorKind" } else { of_js };
        let check = |language: &str, names: Vec<&str>| {
            let mut listed: BTreeSet<_> = names.into_iter().map(bare).collect();
            // For what a newer library knows, and of the package of PHP itself.
            listed.retain(|one| !["unknown", "other", "libraryunavailable"].contains(&one.as_str()));
            assert_eq!(listed, wanted, "{name} in {language}");
        };
        check("Go", quoted(&go, in_go, '"'));
        check("PHP", quoted(&source(&format!("bindings/php/src/{name}.php")), "case", '\''));
        check("Node", quoted_in(&node, &format!("export type {of_js} ="), ';', '\''));
        // The sandbox's layout is a word there.
        if name != "Layout" {
            check("Python", quoted_in(&python, &format!("\n{of_js}: TypeAlias = Literal["), ']', '"'));
        }
        let of_dotnet = match name {
            "Format" => "TextFormat",
            "Layout" => "SandboxLayout",
            same => same,
        };
        let members = body(&dotnet, &format!("public enum {of_dotnet}"));
        check(
            ".NET",
            members
                .into_iter()
                .filter(|line| !line.starts_with('/'))
                .filter_map(|line| line.strip_suffix(','))
                .collect(),
        );
        // Before the methods.
        let mut over = false;
        let entries = body(&kotlin, &format!("public enum class {name}"));
        let entries =
            entries.into_iter().take_while(|line| !std::mem::replace(&mut over, line.ends_with(';')));
        let entries = entries.filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()));
        check("Kotlin", entries.filter_map(|line| line.split([',', ';', '(']).next()).collect());
        let declared = ["struct", "enum"].map(|of| format!("public {of} {in_go}:"));
        let declared = declared.iter().find(|one| swift.contains(one.as_str())).expect(name);
        let names = body(&swift, declared).into_iter().filter_map(|line| {
            let rest = line.strip_prefix("case ").or_else(|| line.strip_prefix("public static let "))?;
            rest.split(" = ").next()
        });
        check("Swift", names.flat_map(|names| names.split(',')).collect());
    }
}

/// The languages that have a diagnosis.
#[test]
fn every_word_of_a_diagnosis_is_listed_in_python_kotlin_and_dotnet() {
    let dotnet = sources("bindings/dotnet/SendIm", "cs");
    let kotlin = sources("bindings/kotlin/src/main/kotlin/im/send", "kt");
    let python = source("bindings/python/src/send_im/_types.py");
    macro_rules! words {
        ($of:ty) => {
            (stringify!($of), <$of>::ALL.iter().map(|one| bare(one.as_str())).collect())
        };
    }
    let all: [(&str, Vec<String>); 3] = [words!(CheckName), words!(CheckOutcome), words!(AdviceOwner)];
    for (name, wanted) in all {
        let listed = quoted_in(&python, &format!("\n{name}: TypeAlias = Literal["), ']', '"');
        assert_eq!(listed.into_iter().map(bare).collect::<Vec<_>>(), wanted, "{name} in Python");
        for (source, begins) in
            [(&dotnet, format!("public enum {name}")), (&kotlin, format!("public enum class {name}"))]
        {
            let entries = body(source, &begins).into_iter().filter_map(|line| line.strip_suffix([',', ';']));
            let listed: Vec<_> = entries.map(bare).filter(|one| one != "other").collect();
            assert_eq!(listed, wanted, "{begins}");
        }
    }
}

#[test]
fn every_kind_is_listed_in_ruby() {
    let errors = source("bindings/ruby/lib/send_im/errors.rb");
    // Classes, each with its kinds: `NotDelivered => %i[declined busy],`.
    let kinds =
        body(&errors, "KINDS = {").into_iter().filter_map(|line| line.split_once("%i[")?.1.split(']').next());
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
    for (file, function, gives, default) in [
        ("bindings/go/kind.go", "func (k Kind) exitCode() int", "return", "default"),
        ("bindings/php/src/ErrorKind.php", "function exitCode(): int", "=>", "default"),
        ("bindings/dotnet/SendIm/Names.cs", "int ExitCode(ErrorKind kind) => kind", "=>", "_ =>"),
    ] {
        let source = source(file);
        let (_, body) = source.split_once(function).expect(function);
        let (named, _) = body.split_once(default).unwrap();
        let code = |text: &str| words(text).next().and_then(|word| word.parse::<u8>().ok()).unwrap();
        let rest = code(body[named.len()..].split_once(gives).unwrap().1);
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
