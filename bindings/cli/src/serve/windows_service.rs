//! `send-im serve --windows-service`: what the service control manager asks for, and what it is told.

use std::process::ExitCode;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use send_im::Error;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{ServiceControlHandlerResult, ServiceStatusHandle, register};
use windows_service::service_dispatcher;

use super::manager::State;
use crate::args::ServeArgs;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// The manager knows the service by the name it was created with: in a process with one service it does not look at this.
const NAME: &str = "send-im";
/// How long the start may take: reading files, and listening.
const START: Duration = Duration::from_secs(30);
/// How long the stop may take after `--drain`: the 7 s of the service, and some for a slow machine.
const STOP: Duration = Duration::from_secs(15);

// The manager calls functions, not closures: what they need lies here.
static ARGS: Mutex<Option<ServeArgs>> = Mutex::new(None);
static ASKED: OnceLock<UnboundedSender<()>> = OnceLock::new();

/// Lets the manager run the service, and returns when it has stopped.
pub(crate) fn run(args: ServeArgs) -> ExitCode {
    *ARGS.lock().unwrap_or_else(PoisonError::into_inner) = Some(args);
    let Err(error) = service_dispatcher::start(NAME, service_main) else {
        return ExitCode::SUCCESS;
    };
    let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
    let error = Error::invalid_input(format!(
        "--windows-service is for the service control manager, which did not start this process: register the service with sc.exe create and start it with sc.exe start ({}).",
        why.trim_end_matches('.')
    ));
    output::error(Style::Plain, &error);
    ExitCode::from(error.kind().exit_code())
}

extern "system" fn service_main(_: u32, _: *mut *mut u16) {
    let Some(args) = ARGS.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let (ask, asked) = unbounded_channel();
    let _ = ASKED.set(ask);
    // A function, not a closure that holds something: what it holds would be gone after the first request to stop.
    let Ok(manager) = register(NAME, control) else {
        // Nobody can be told but the log that the manager of services keeps of a process that just ends.
        std::process::exit(5)
    };
    let stop = args.drain + STOP;
    tell_manager(manager, ServiceState::StartPending, ServiceControlAccept::empty(), START, 0);
    let code = crate::on_threads(async move {
        let notify = move |state| match state {
            State::Listening => {
                let accepted = ServiceControlAccept::STOP
                    | ServiceControlAccept::PRESHUTDOWN
                    | ServiceControlAccept::SHUTDOWN;
                tell_manager(manager, ServiceState::Running, accepted, Duration::ZERO, 0);
            }
            // The end of the system after the request to get ready for it is as a second Ctrl-C.
            State::Stopping => {
                tell_manager(manager, ServiceState::StopPending, ServiceControlAccept::SHUTDOWN, stop, 0);
            }
        };
        super::run(args, Interrupt::of_service(asked), &notify).await
    });
    tell_manager(manager, ServiceState::Stopped, ServiceControlAccept::empty(), Duration::ZERO, code);
}

fn control(control: ServiceControl) -> ServiceControlHandlerResult {
    match control {
        ServiceControl::Stop | ServiceControl::Preshutdown | ServiceControl::Shutdown => {
            if let Some(asked) = ASKED.get() {
                // A service that has ended asks nothing any more.
                let _ = asked.send(());
            }
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    }
}

fn tell_manager(
    manager: ServiceStatusHandle,
    current_state: ServiceState,
    controls_accepted: ServiceControlAccept,
    wait_hint: Duration,
    code: u8,
) {
    let told = manager.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state,
        controls_accepted,
        exit_code: match code {
            0 => ServiceExitCode::NO_ERROR,
            code => ServiceExitCode::ServiceSpecific(code.into()),
        },
        checkpoint: 0,
        wait_hint,
        process_id: None,
    });
    if let Err(error) = told {
        tracing::warn!(%error, ?current_state, "the service control manager cannot be told how the service is");
    }
}
