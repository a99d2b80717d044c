//! `send-im completions` and `send-im man`: what shells and `man` read, made from the command line's definition.

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::output;

/// Prints the completions of a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "send-im", &mut script);
    // clap_complete 4.6 writes the hyphen of a command's name for bash in two ways, and then completes no command of it.
    let script = String::from_utf8_lossy(&script).replace("send__subcmd__im", "send__im");
    printed(io::stdout().lock().write_all(script.as_bytes()))
}

/// Prints the page of the command, or writes its pages and those of its commands into a folder.
pub(crate) fn man(args: &ManArgs) -> ExitCode {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match &args.folder {
        Some(folder) => {
            let mut commands = [command.clone()].into_iter().chain(command.get_subcommands().cloned());
            let write = |command| page(command).and_then(|(name, page)| fs::write(folder.join(name), page));
            let written = std::fs::create_dir_all(folder).and_then(|()| commands.try_for_each(write));
            ended(written, 2, |why| {
                format!("The folder {} cannot be written to: {why}; name another.", folder.display())
            })
        }
        None => printed(page(command).and_then(|(_, page)| io::stdout().lock().write_all(page.as_bytes()))),
    }
}

/// The parts of the long help that have sections of their own in a manual.
const SECTIONS: [(&str, &str); 3] =
    [("Examples:", "EXAMPLES"), ("Environment:", "ENVIRONMENT"), ("Exit codes:", "EXIT STATUS")];

/// The page of a command, with the name of its file.
fn page(mut command: clap::Command) -> io::Result<(String, String)> {
    // What the help shows. By itself the page would list every option, without its value.
    let usage = command.render_usage().to_string();
    let command = command.override_usage(usage.trim_start_matches("Usage: ").to_owned());
    let page = Man::new(command).source(concat!("send-im ", env!("CARGO_PKG_VERSION"))).manual("send-im");
    let mut roff = Vec::new();
    page.render(&mut roff)?;
    let text = String::from_utf8(roff).map_err(io::Error::other)?;
    // Columns stay columns: lines are neither spread out nor hyphenated.
    let text = with_sections(&text).replacen(".SH NAME", ".ad l\n.nh\n.SH NAME", 1);
    Ok((page.get_filename(), text))
}

/// The page with its long help, which is one section `EXTRA`, in sections. What is indented there keeps its lines.
fn with_sections(page: &str) -> String {
    let (mut made, mut in_help, mut is_filled, mut begins) = (String::new(), false, true, false);
    let section =
        |line: &str| SECTIONS.iter().find(|(heading, _)| *heading == line).map(|(_, section)| section);
    for line in page.lines() {
        let ends = line.starts_with(".SH");
        if in_help && !is_filled && !line.starts_with("  ") {
            made += ".fi\n";
            is_filled = true;
        }
        if ends {
            in_help = line == ".SH EXTRA";
        }
        match section(line).filter(|_| in_help) {
            Some(section) => {
                // The help may begin with one.
                made.truncate(made.strip_suffix(".SH NOTES\n").map_or(made.len(), str::len));
                made += &format!(".SH {section}\n");
            }
            None if in_help && ends => made += ".SH NOTES\n",
            None if in_help && line.is_empty() => {}
            None => {
                if in_help && begins {
                    made += ".PP\n";
                }
                if in_help && is_filled && line.starts_with("  ") {
                    made += ".nf\n";
                    is_filled = false;
                }
                made += line;
                made.push('\n');
            }
        }
        begins = line.is_empty();
    }
    made
}

fn printed(written: io::Result<()>) -> ExitCode {
    ended(written, 5, |why| format!("Standard output cannot be written: {why}."))
}

fn ended(written: io::Result<()>, code: u8, sentence: impl Fn(io::Error) -> String) -> ExitCode {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            output::print_stderr(&sentence(error));
            ExitCode::from(code)
        }
        _ => ExitCode::SUCCESS,
    }
}
