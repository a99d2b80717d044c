//! Conversations with one other person: the invitation, the messaging modality, the messages.

mod completion;
mod delivery;
mod ending;
pub(crate) mod get;
mod invitation_input;
pub(crate) mod invite;
pub(crate) mod message;
pub(crate) mod stop;
mod views;
