//! One request, and the responses in the forms a pool gives them.

pub(crate) mod input;
pub(crate) mod request;
pub(crate) mod response;
