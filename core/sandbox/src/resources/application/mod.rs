//! The application resource and what belongs to its user.

pub(crate) mod communication;
pub(crate) mod create;
pub(crate) mod presence;
pub(crate) mod views;
