//! `send-im completions` and `send-im man`.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use common::{clean, run};

mod common;

fn printed(arguments: &[&str]) -> String {
    let home = tempfile::TempDir::new().unwrap();
    let mut command = clean(home.path());
    command.args(arguments);
    let done = run(command);
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done}");
    done.stdout
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]);
        assert!(
            script.contains("to-file") && script.contains("--hook") | script.contains("-l hook"),
            "{shell}"
        );
    }
    let home = tempfile::TempDir::new().unwrap();
    let mut unknown = clean(home.path());
    unknown.args(["completions", "csh"]);
    let done = run(unknown);
    assert_eq!(done.code, Some(2), "{done}");
    assert!(done.stderr.contains("bash"), "{done}");
}

/// What bash offers at the end of this line, whose last word is begun.
#[cfg(unix)]
fn offered(words: &[&str]) -> Vec<String> {
    let script = r#"
        source <("$SEND_IM" completions bash) || exit 1
        [[ $(complete -p send-im) =~ -F\ ([^ ]+) ]] || exit 1
        complete=${BASH_REMATCH[1]}
        COMP_WORDS=(send-im "$@")
        COMP_CWORD=$#
        "$complete" send-im "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = std::process::Command::new("bash");
    bash.env("SEND_IM", env!("CARGO_BIN_EXE_send-im")).args(["--norc", "-c", script, "bash"]).args(words);
    let done: common::Finished = bash.output().unwrap().into();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done}");
    done.stdout.lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_values() {
    assert_eq!(offered(&["se"]), ["send", "serve"]);
    assert_eq!(offered(&["send", "--to-"]), ["--to-file"]);
    assert_eq!(offered(&["send", "--importance", "u"]), ["urgent"]);
    assert_eq!(offered(&["serve", "--ho"]), ["--hook"]);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::TempDir::new().unwrap();
    assert_eq!(printed(&["man", folder.path().to_str().unwrap()]), "");
    let mut pages: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort_unstable();
    let commands = ["-completions", "-doctor", "-health", "-man", "-sandbox", "-send", "-serve", ""];
    assert_eq!(pages, commands.map(|command| format!("send-im{command}.1")));
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(pages.iter().all(|name| page(name).contains("\n.ad l\n.nh\n.SH NAME\n")), "columns stay columns");
    for (name, words) in [
        ("send-im.1", ["send\\-im\\-send(1)", "SEND_IM_PASSWORD"]),
        ("send-im-send.1", ["\\-\\-to\\-file", "130  ended by a signal"]),
        ("send-im-serve.1", ["\\-\\-hook", "\\-\\-token\\-file"]),
    ] {
        words.iter().for_each(|word| assert!(page(name).contains(word), "{name}: {word}"));
    }
    assert_eq!(printed(&["man"]), page("send-im.1"));
    // As any manual: how to call it, without a list of all options, and the usual sections.
    for (name, synopsis) in [
        ("send-im.1", "\\fBsend\\-im\\fR <COMMAND>"),
        (
            "send-im-send.1",
            "\\fBsend\\-im send\\fR [OPTIONS] \\-\\-to <ADDRESS>... <TEXT>\n.br\n\\fBsend\\-im send\\fR [OPTIONS] \\-\\-to\\-file <FILE> <TEXT>",
        ),
        ("send-im-doctor.1", "\\fBsend\\-im doctor\\fR [OPTIONS]"),
        ("send-im-serve.1", "\\fBsend\\-im serve\\fR [OPTIONS]"),
        ("send-im-health.1", "\\fBsend\\-im health\\fR [OPTIONS] [URL]"),
    ] {
        assert!(
            page(name).contains(&format!(".SH SYNOPSIS\n{synopsis}\n.SH DESCRIPTION\n")),
            "{}",
            page(name)
        );
    }
    for name in ["send-im-send.1", "send-im-doctor.1", "send-im-serve.1"] {
        let sections = ["\n.SH EXAMPLES\n.nf\n", "\n.SH ENVIRONMENT\n.nf\n", "\n.SH EXIT STATUS\n.nf\n"];
        sections.iter().for_each(|section| assert!(page(name).contains(section), "{name}: {section}"));
    }
    assert!(
        pages.iter().all(|name| !page(name).contains(".SH EXTRA")),
        "no section is called by what it is not"
    );
}

#[test]
fn a_folder_is_made_and_one_that_cannot_be_is_an_error() {
    let home = tempfile::TempDir::new().unwrap();
    let written_to = |folder: &str| {
        let mut command = clean(home.path());
        command.args(["man", folder]).current_dir(home.path());
        run(command)
    };
    assert_eq!(written_to("none/at/all").code, Some(0));
    let page = home.path().join("none/at/all/send-im.1");
    assert!(page.exists());
    let done = written_to(page.to_str().unwrap());
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
    assert!(done.stderr.contains("cannot be written to") && done.stderr.contains("name another"), "{done}");
}
