//! `send-im`: sends an instant message to a Skype for Business or Lync user, takes messages by HTTP, or runs a
//! sandbox to try it.

mod account;
mod args;
mod doctor;
mod health;
mod input;
mod interrupt;
mod output;
mod pages;
mod sandbox;
mod send;
mod serve;
mod usage;

use std::process::ExitCode;

use args::Command;
use interrupt::Interrupt;

fn main() -> ExitCode {
    let command = match usage::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(code) => return code,
    };
    match &command {
        Command::Completions(args) => return pages::completions(args),
        Command::Man(args) => return pages::man(args),
        _ => {}
    }
    #[cfg(windows)]
    let command = match command {
        Command::Serve(args) if args.windows_service => return serve::windows_service::run(*args),
        other => other,
    };
    ExitCode::from(on_threads(async {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => {
                output::print_stderr(&format!("Signals cannot be listened for: {error}."));
                return 5;
            }
        };
        match command {
            Command::Send(args) => send::run(args, interrupt).await,
            Command::Doctor(args) => doctor::run(args, interrupt).await,
            Command::Serve(args) => serve::run(*args, interrupt, &serve::manager::notify_systemd).await,
            Command::Health(args) => health::run(args, interrupt).await,
            Command::Sandbox(args) => sandbox::run(args, interrupt).await,
            Command::Completions(_) | Command::Man(_) => 0,
        }
    }))
}

/// Does the work on threads of its own and gives the exit code.
fn on_threads(work: impl Future<Output = u8>) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::print_stderr(&format!("The system gave no threads to work with: {error}."));
            return 5;
        }
    };
    let code = runtime.block_on(work);
    // A read of standard input may still be waiting in a thread; the program ends without it.
    runtime.shutdown_background();
    code
}
