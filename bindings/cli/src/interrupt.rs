//! Ctrl-C and whatever else asks a program to end, as something to wait for.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::Interrupt;
#[cfg(windows)]
pub(crate) use windows::Interrupt;
