//! Reads the command line. What is wrong with it is said without repeating text that may be a message or a password.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use send_im::Error;
use send_im::bindings::option_name;

use crate::args::{Cli, Command};
use crate::output::{self, Style};

/// The command to run, or the exit code when help was asked for or the command line is not usable.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, ExitCode> {
    let arguments: Vec<OsString> = arguments.collect();
    let error = match Cli::try_parse_from(&arguments) {
        Ok(cli) => return Ok(cli.command),
        Err(error) => error,
    };
    if !error.use_stderr() {
        // A reader that went away (`send-im --help | head -1`) is no failure.
        let _ = error.print();
        return Err(ExitCode::SUCCESS);
    }
    let invalid = Error::invalid_input(sentence(&error));
    if arguments.iter().take_while(|a| *a != "--").any(|a| a == "--json") {
        output::error(Style::Json, &invalid);
    } else if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
    } else {
        output::print_stderr(&format!("{invalid} See send-im --help."));
    }
    Err(ExitCode::from(invalid.kind().exit_code()))
}

/// What is wrong, in one sentence.
fn sentence(error: &clap::Error) -> String {
    let first = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    };
    let argument = first(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => {
            "The first word is not a command; the commands are send, doctor, serve, health, sandbox, completions and man."
                .to_owned()
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "There is no command; the commands are send, doctor, serve, health, sandbox, completions and man.".to_owned()
        }
        ErrorKind::UnknownArgument if is_option_name(&argument) => {
            match first(ContextKind::SuggestedArg).as_str() {
                "" => format!("There is no option {argument}; put -- before a text that begins with a dash."),
                similar => format!("There is no option {argument}; there is {similar}."),
            }
        }
        ErrorKind::UnknownArgument => {
            "An argument is not known; put quotes around the text, and -- before one that begins with a dash."
                .to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} is missing."),
        ErrorKind::ArgumentConflict => {
            format!("The option {argument} is given twice or contradicts another.")
        }
        ErrorKind::InvalidUtf8 => "An argument is not UTF-8 text.".to_owned(),
        ErrorKind::InvalidValue if first(ContextKind::InvalidValue).is_empty() => {
            format!("There is no value for {argument}.")
        }
        ErrorKind::InvalidValue => {
            format!("The value of {argument} is not one of {}.", first(ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(why) => {
                format!("The value of {argument} is not usable: {}.", why.to_string().trim_end_matches('.'))
            }
            None => format!("The value of {argument} is not usable."),
        },
        _ => "The command line is not understood.".to_owned(),
    }
}

/// True for `--something`: a word in small letters after two dashes, so not a text or a value.
fn is_option_name(argument: &str) -> bool {
    argument.strip_prefix("--").and_then(option_name).is_some_and(|name| name == name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn refused(arguments: &[&str]) -> String {
        sentence(&Cli::try_parse_from([&["send-im"], arguments].concat()).err().unwrap())
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn says_what_is_wrong() {
        assert_eq!(refused(&["send", "hello"]), "--to <ADDRESS> is missing.");
        assert_eq!(
            refused(&["send", "--to", "a@b.c", "--importance", "huge", "x"]),
            "The value of --importance <IMPORTANCE> is not one of normal, urgent, emergency."
        );
        assert!(refused(&["send", "--to", "a@b.c", "--timeout", "soon", "x"]).contains("60s or 2min"));
        assert!(refused(&["sandbox", "--ca-out", "ca.pem"]).contains("--https"));
        assert!(refused(&["sandbox", "--layout", "maze"]).contains("--layout"));
    }

    #[test]
    fn recipients_of_the_sandbox_answer_after_the_time_that_the_readmes_give() {
        let Ok(Cli { command: Command::Sandbox(args) }) = Cli::try_parse_from(["send-im", "sandbox"]) else {
            panic!("it needs no option");
        };
        let time = format!("{} s", args.answer_after.as_secs_f64());
        assert!(include_str!("../README.md").contains(&format!("Answers take {time};")), "{time}");
        assert!(
            include_str!("../../../README.md").contains(&format!("answer after {time} (`--answer-after`)")),
            "{time}"
        );
    }

    #[test]
    fn does_not_repeat_what_may_be_secret() {
        for arguments in [
            &["send", "--to", "a@b.c", "--password", "s3cret", "x"][..],
            &["send", "--to", "a@b.c", "--password=s3cret", "x"],
            &["send", "--to", "a@b.c", "--s3cret text"],
            &["send", "--to", "a@b.c", "-s3cret"],
            &["send", "--to", "a@b.c", "--S3CRETs3cret"],
            &["send", "--to", "a@b.c", "--a\u{202e}s3cret"],
            &["serve", "--s3cret"],
            &["s3cret text"],
            &["sandbox", "s3cret"],
        ] {
            let sentence = refused(arguments);
            assert!(!sentence.contains("s3cret"), "{sentence}");
        }
        let long = format!("--{}", "x".repeat(10_000));
        assert!(refused(&["send", "--to", "a@b.c", &long]).len() < 200);
        assert!(
            refused(&["send", "--to", "a@b.c", "--pasword"])
                .starts_with("There is no option --pasword; there is --password-stdin.")
        );
    }
}
