//! The resources of UCWA and of what leads to it: one function per request.

pub(crate) mod application;
pub(crate) mod challenge;
pub(crate) mod conversation;
pub(crate) mod cross_domain;
pub(crate) mod discovery;
pub(crate) mod events;
pub(crate) mod people;
pub(crate) mod token;
