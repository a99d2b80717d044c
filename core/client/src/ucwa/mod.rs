//! The protocol after sign-in: resources, the application, its event channel, invitations and conversations.

pub(crate) mod application;
pub(crate) mod awaited_events;
pub(crate) mod channel;
pub(crate) mod data_uri;
pub(crate) mod events;
pub(crate) mod hypermedia;
pub(crate) mod limits;
mod pace;
pub(crate) mod reason;
pub(crate) mod router;
pub(crate) mod verdict;
