//! Ctrl-C and whatever else asks a program to end, as something to wait for.

#[cfg(unix)]
#[path = "interrupt/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "interrupt/windows.rs"]
mod system;

pub(crate) use system::Interrupt;
