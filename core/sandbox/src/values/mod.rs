//! Values without state or I/O: what is named, read and written.

pub(crate) mod address;
pub(crate) mod allowed_origins;
pub(crate) mod behaviour;
pub(crate) mod challenge_style;
pub(crate) mod charset;
pub(crate) mod data_uri;
pub(crate) mod event_faults;
pub(crate) mod fault;
pub(crate) mod form;
pub(crate) mod from_json;
pub(crate) mod layout;
pub(crate) mod media_type;
pub(crate) mod origin;
pub(crate) mod time;
