//! `send-im`: sends an instant message to a Skype for Business or Lync user, takes messages by HTTP, or runs a
//! sandbox to try it.

mod account;
mod args;
mod doctor;
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
        Command::Send(_) | Command::Serve(_) | Command::Sandbox(_) => {}
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("The system gave no threads to work with: {error}."));
            return ExitCode::from(5);
        }
    };
    let code = runtime.block_on(async {
        let interrupt = match Interrupt::listen() {
            Ok(interrupt) => interrupt,
            Err(error) => {
                output::complain(&format!("Signals cannot be listened for: {error}."));
                return 5;
            }
        };
        match command {
            Command::Send(args) => send::run(args, interrupt).await,
            Command::Doctor(args) => doctor::run(args, interrupt).await,
            Command::Serve(args) => serve::run(*args, interrupt).await,
            Command::Sandbox(args) => sandbox::run(args, interrupt).await,
            Command::Completions(_) | Command::Man(_) => 0,
        }
    });
    // A read of standard input may still be waiting in a thread; the program ends without it.
    runtime.shutdown_background();
    ExitCode::from(code)
}
