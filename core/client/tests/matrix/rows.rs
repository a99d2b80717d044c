//! The rows: the requests of each way of sending.

use send_im_sandbox::Route;

/// A way of sending.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `send_im::send`.
    OneCall,
    /// `Client::send`, the first message to a person.
    Client,
    /// `Client::send`, while the invitation rings for a moment.
    Ringing,
    /// `Client::send` into a conversation that was kept.
    Kept,
    /// `Client::sign_out`.
    SignOut,
}

/// One request of a way of sending.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) way: Way,
    /// The text is too long for the invitation.
    pub(crate) long: bool,
    pub(crate) route: Route,
    /// How many requests to the route pass first.
    pub(crate) skip: u32,
    /// The request before it, with as many that pass first: after that one connections can be refused. None: there is none.
    pub(crate) before: Option<(Route, u32)>,
    /// Its place among the requests to its sandbox, about: so many there are when the fault is met.
    pub(crate) number: usize,
}

const fn row(
    name: &'static str,
    way: Way,
    long: bool,
    at: (Route, u32),
    before: Option<(Route, u32)>,
    number: usize,
) -> Row {
    Row { name, way, long, route: at.0, skip: at.1, before, number }
}

use Route::{Applications, DeleteApplication, Discovery, Events, SendMessage, StartMessaging, Token, User};
use Way::{Client, Kept, OneCall, Ringing, SignOut};

/// Every request of every way of sending, where it differs.
pub(crate) const ROWS: &[Row] = &[
    row("discovery", OneCall, false, (Discovery, 0), None, 1),
    row("challenge", OneCall, false, (User, 0), Some((Discovery, 0)), 2),
    row("token", OneCall, false, (Token, 0), Some((User, 0)), 3),
    row("user", OneCall, false, (User, 1), Some((Token, 0)), 4),
    row("applications", OneCall, false, (Applications, 0), Some((User, 1)), 5),
    row("short startMessaging", OneCall, false, (StartMessaging, 0), Some((Applications, 0)), 6),
    row("short events", OneCall, false, (Events, 0), Some((StartMessaging, 0)), 7),
    row("delete", OneCall, false, (DeleteApplication, 0), Some((Events, 0)), 8),
    row("long startMessaging", OneCall, true, (StartMessaging, 0), Some((Applications, 0)), 6),
    row("long events", OneCall, true, (Events, 0), Some((StartMessaging, 0)), 7),
    row("long sendMessage", OneCall, true, (SendMessage, 0), Some((Events, 0)), 8),
    row("long confirmation", OneCall, true, (Events, 1), Some((SendMessage, 0)), 9),
    row("client startMessaging", Client, false, (StartMessaging, 0), Some((Applications, 0)), 7),
    row("client events", Ringing, false, (Events, 0), None, 7),
    row("client long startMessaging", Client, true, (StartMessaging, 0), Some((Applications, 0)), 7),
    row("client long events", Ringing, true, (Events, 0), None, 7),
    row("client long sendMessage", Client, true, (SendMessage, 0), None, 8),
    row("kept sendMessage", Kept, false, (SendMessage, 0), None, 9),
    row("sign_out", SignOut, false, (DeleteApplication, 0), None, 7),
];
