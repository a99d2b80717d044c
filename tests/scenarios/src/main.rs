//! The judge: runs each case of `scenarios.json` through a driver, against a sandbox of its own, and compares.
#![allow(clippy::print_stderr)] // what a driver that does not end well has said

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Parser;
use driver::Driver;
use libtest_mimic::{Arguments, Failed, Trial};
use send_im_sandbox::Sandbox;
use send_im_scenarios::{Case, Observed, Strictness, Task, load, verdict};
use serde_json::Value;
use tokio::runtime::Runtime;

mod driver;

/// How long delivered messages and sign-outs may take to become visible.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Parser)]
struct Options {
    /// Send as many messages as the case has processes, for a driver that starts one each.
    #[arg(long)]
    processes: bool,
    /// Compare no members of receipts and errors but the exit code, for a driver that only sees a sentence.
    #[arg(long)]
    sentence: bool,
    /// Seconds without an answer after which a driver hangs.
    #[arg(long, default_value_t = 120)]
    watchdog: u64,
    #[command(flatten)]
    tests: Arguments,
    /// The program that sends, and its arguments.
    #[arg(last = true, required = true)]
    driver: Vec<String>,
}

/// What the cases share.
struct Judge {
    options: Options,
    runtime: Runtime,
    /// Drivers that wait for a task.
    idle: Mutex<Vec<Driver>>,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    // Cases wait more than they work. Each thread has a driver of its own.
    options.tests.test_threads.get_or_insert(4);
    let (cases, runtime) = match (load(include_str!("../scenarios.json")), Runtime::new()) {
        (Ok(cases), Ok(runtime)) => (cases, runtime),
        (cases, runtime) => {
            eprintln!("{:?} {:?}", cases.err(), runtime.err());
            return ExitCode::FAILURE;
        }
    };
    let tests = options.tests.clone();
    let judge = Arc::new(Judge { options, runtime, idle: Mutex::default() });
    let trials = cases.into_iter().map(|case| {
        let judge = Arc::clone(&judge);
        Trial::test(case.name.clone(), move || judge.run(&case))
    });
    let conclusion = libtest_mimic::run(&tests, trials.collect());
    let troubles: Vec<String> = judge.idle().drain(..).filter_map(|driver| driver.end().err()).collect();
    troubles.iter().for_each(|trouble| eprintln!("error: {trouble}"));
    if conclusion.has_failed() || !troubles.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Judge {
    fn run(&self, case: &Case) -> Result<(), Failed> {
        let count = if self.options.processes { case.processes } else { case.count };
        let sandbox = self.runtime.block_on(start(case))?;
        let path = sandbox.ca_file().map(|file| file.to_string_lossy());
        let task = Task::of(case, count, sandbox.url(), path.as_deref());
        let idle = self.idle().pop();
        let mut driver = match idle {
            Some(driver) => driver,
            None => Driver::start(&self.options.driver, Duration::from_secs(self.options.watchdog))?,
        };
        // One that has not answered is not asked again.
        let answers = driver.ask(&task)?;
        self.idle().push(driver);
        let observed = self.runtime.block_on(async {
            let wanted = case.expect.inbox.as_ref().map_or(0, |inbox| inbox.len() * count);
            // Too few messages are the verdict's to report.
            let _ = sandbox.wait_for(wanted, PATIENCE).await;
            for _ in 0..PATIENCE.as_millis() / 20 {
                if sandbox.open_applications() == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Observed {
                answers,
                messages: json(&sandbox.messages()),
                journal: json(&sandbox.journal()),
                open_applications: sandbox.open_applications(),
            }
        });
        self.runtime.block_on(sandbox.stop());
        let strictness = if self.options.sentence { Strictness::ExitCode } else { Strictness::Members };
        verdict(case, count, &observed, strictness).map_err(Failed::from)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Driver>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn start(case: &Case) -> Result<Sandbox, Failed> {
    let spec = &case.sandbox;
    let sandbox = Sandbox::builder()
        .layout(spec.layout.parse().map_err(|_| format!("no layout is named {}", spec.layout))?)
        .https(spec.https)
        .ring(Duration::from_millis(spec.ring_ms))
        .start()
        .await?;
    for fault in &spec.faults {
        sandbox.add_fault(serde_json::from_value(fault.clone())?);
    }
    Ok(sandbox)
}

fn json<T: serde::Serialize>(values: &[T]) -> Vec<Value> {
    values.iter().map(|value| serde_json::to_value(value).unwrap_or(Value::Null)).collect()
}
