//! The header is what the source says. With `SEND_IM_WRITE_HEADER=1` it is written instead of compared.

#![allow(clippy::unwrap_used)] // As in any test.

use std::fmt::Write;
use std::path::Path;

use send_im::{ErrorKind, Evidence, Format, Importance, Sent, Step, Tls, Wait};
use send_im_sandbox::Layout;

/// The parts of the header, and how the names begin that stand in each.
const PARTS: [(&str, &[&str]); 10] = [
    ("Send one message", &["send_im", "send_im_begin"]),
    ("A diagnosis: what is wrong on the way", &["send_im_diagnose", "send_im_call_take_diagnosis"]),
    ("A client: many messages in one session", &["send_im_client", "send_im_messages", "send_im_results"]),
    ("A call under way", &["send_im_call", "send_im_on_end", "send_im_may_wait"]),
    (
        "Options: who sends, and how a message goes",
        &["send_im_options", "send_im_on_step", "send_im_on_token", "send_im_release", "send_im_token"],
    ),
    ("Receipts and steps", &["send_im_receipt", "send_im_step_record"]),
    ("Errors", &["send_im_error"]),
    ("The sandbox: a server for demonstrations and tests", &["send_im_sandbox"]),
    ("The names of enumerators", &["name"]),
    ("The library", &[]),
];

/// Enumerators from the core's own list.
fn enumeration(what: &str, about: &str, names: impl Iterator<Item = &'static str>) -> String {
    let prefix = format!("SEND_IM_{}", what.to_uppercase());
    let mut out = format!("/** {about} */\nSEND_IM_ENUM(send_im_{what}) {{\n  {prefix}_NONE = 0,\n");
    for (place, name) in names.enumerate() {
        writeln!(out, "  {prefix}_{} = {},", name.to_uppercase().replace('-', "_"), place + 1).unwrap();
    }
    out + "};\n\n"
}

/// The enumerations, and the functions that name their values.
fn enumerations() -> (String, Vec<String>) {
    let (mut all, mut functions) = (String::new(), Vec::new());
    macro_rules! each {
        ($($what:literal, $about:literal, $of:ty, $name:literal;)*) => {$(
            all += &enumeration($what, $about, <$of>::ALL.iter().map(|one| one.as_str()));
            let function = concat!("SEND_IM_API const char *send_im_", $what, "_name(send_im_", $what, " ", $what, ");");
            functions.push(format!("/** {} */\n{function}", $name));
        )*};
    }
    each! {
        "kind", "What sort of failure it was. `send_im_error_exit_code` is right for kinds that come later, too.", ErrorKind,
            "The stable name of a kind of error, for example `busy`. NULL for a number that this library does not know.";
        "step", "A step of a call.", Step, "The stable name of a step, for example `open_session`.";
        "sent", "Whether the message of a failed call may have arrived.", Sent, "`no` or `maybe`.";
        "evidence", "What a receipt rests on.", Evidence, "The stable name, for example `invitation_accepted`.";
        "format", "The form in which a text went.", Format, "`plain` or `html`.";
        "importance", "The option `importance`.", Importance, "The value of the option `importance`.";
        "wait", "The option `wait`: what a send waits for.", Wait, "The value of the option `wait`.";
        "tls", "The option `tls`: which cipher suites are offered.", Tls, "The value of the option `tls`.";
        "layout", "The sandbox's option `layout`.", Layout, "The value of the sandbox's option `layout`.";
    }
    (all, functions)
}

/// The name that a declaration of cbindgen declares.
fn name_of(declaration: &str) -> &str {
    let code = declaration.rsplit_once("*/").map_or(declaration, |(_, code)| code);
    let code = code.trim_start().trim_start_matches("typedef void (*").trim_start_matches("typedef struct ");
    let code = &code[..code.find(['(', ')', ';']).unwrap_or(code.len())];
    code.rsplit([' ', '*']).next().unwrap_or_default()
}

fn part_of(name: &str) -> usize {
    let begins = |start: &&str| match *start {
        "send_im" => name == "send_im",
        "name" => name.ends_with("_name"),
        start => name == start || name.starts_with(&format!("{start}_")),
    };
    PARTS.iter().position(|(_, starts)| starts.iter().any(begins)).unwrap_or(PARTS.len() - 1)
}

/// Columns, as in the comments.
const WIDTH: usize = 128;

/// A declaration as a person writes it: a comment of one line stays on one, and of the code as much as fits.
fn laid_out(declaration: &str) -> String {
    let (comment, code) = declaration.split_once(" */\n").expect(declaration);
    let about = comment.trim_start_matches("/**\n * ").trim_end();
    let in_a_line = !about.contains('\n') && about.chars().count() + "/**  */".len() <= WIDTH;
    let comment = if in_a_line { format!("/** {about}") } else { comment.to_owned() };
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    // An attribute of C++ has to come first.
    let attribute = ("SEND_IM_API SEND_IM_MUST_USE ", "SEND_IM_MUST_USE SEND_IM_API");
    let code = match code.strip_prefix(attribute.0) {
        Some(rest) if attribute.1.len() + rest.len() >= WIDTH => format!("{}\n{rest}", attribute.1),
        Some(rest) => format!("{} {rest}", attribute.1),
        None => code,
    };
    let lines = code.lines().map(|line| if line.len() > WIDTH { wrapped(line) } else { line.to_owned() });
    format!("{comment} */\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// The parameters that do not fit, below the first.
fn wrapped(line: &str) -> String {
    let (first, rest) = line.split_at(line[..WIDTH].rfind(", ").unwrap() + 2);
    let column = line.find(")(").map_or_else(|| line.find('(').unwrap(), |at| at + 1) + 1;
    format!("{}\n{:column$}{rest}", first.trim_end(), "")
}

/// What cbindgen makes, with macros, enumerations, and a heading for each part.
fn header(folder: &Path) -> String {
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let mut made = Vec::new();
    cbindgen::generate_with_config(folder, config).unwrap().write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let (open, close) = ("#ifdef __cplusplus\nextern \"C\" {", "#ifdef __cplusplus\n}  // extern \"C\"");
    let (types, functions) = made.split_once(open).unwrap();
    let (head, types) = types.split_once("#include <stdint.h>\n").unwrap();
    let (after_open, functions) = functions.split_once("\n\n").unwrap();
    let (functions, after_close) = functions.split_once(close).unwrap();
    let (objects, callbacks): (Vec<_>, Vec<_>) =
        types.trim().split("\n\n").map(laid_out).partition(|one| one.contains("\ntypedef struct"));
    let mut parts: [Vec<String>; PARTS.len()] = Default::default();
    let (enumerations, names) = enumerations();
    for one in callbacks.into_iter().chain(functions.trim().split("\n\n").map(laid_out)).chain(names) {
        parts[part_of(name_of(&one))].push(one);
    }
    let mut out = format!("{head}#include <stdint.h>\n\n{}", macros());
    write!(out, "{}{}\n\n{open}{after_open}", enumerations, objects.join("\n\n")).unwrap();
    for ((title, _), part) in PARTS.iter().zip(parts) {
        write!(out, "\n\n/* ==== {title} ==== */\n\n{}", part.join("\n\n")).unwrap();
    }
    write!(out, "\n\n{close}{after_close}").unwrap();
    out
}

fn macros() -> String {
    let (major, minor, patch) =
        (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH"));
    format!(
        r#"/* The version of this header; `send_im_version` tells that of the library. */
#define SEND_IM_VERSION "{}"
#define SEND_IM_VERSION_MAJOR {major}
#define SEND_IM_VERSION_MINOR {minor}
#define SEND_IM_VERSION_PATCH {patch}

/* The interface of this header; `send_im_abi_version` tells that of the library. */
#define SEND_IM_ABI_VERSION {}

/* Before each function. On Windows define SEND_IM_STATIC where the static library is linked. */
#ifndef SEND_IM_API
#if defined(_WIN32) && !defined(SEND_IM_STATIC)
#define SEND_IM_API __declspec(dllimport)
#else
#define SEND_IM_API
#endif
#endif

/* Before each function that returns an error: a compiler warns where it is ignored. */
#ifndef SEND_IM_MUST_USE
#if (defined(__cplusplus) && __cplusplus >= 201703L) || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L)
#define SEND_IM_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define SEND_IM_MUST_USE __attribute__((warn_unused_result))
#else
#define SEND_IM_MUST_USE
#endif
#endif

/*
 * Enumerations. 0 is none: no object, no step. A newer library may know more values than this header: treat them as the
 * general case. Numbers do not change.
 */
#ifdef __cplusplus
#define SEND_IM_ENUM(name) enum name : int32_t
#else
#define SEND_IM_ENUM(name) typedef int32_t name; enum name
#endif

"#,
        env!("CARGO_PKG_VERSION"),
        env!("SEND_IM_ABI"),
    )
}

#[test]
fn the_header_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (made, header) = (header(folder), folder.join("include/send_im.h"));
    if std::env::var_os("SEND_IM_WRITE_HEADER").is_some() {
        std::fs::write(&header, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&header).unwrap_or_default();
    assert!(
        kept == made,
        "send_im.h is old: run SEND_IM_WRITE_HEADER=1 cargo test -p send-im-c --test header"
    );
}
