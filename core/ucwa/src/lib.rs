//! UCWA 2.0, the REST interface of Lync Server 2013 and Skype for Business Server, as functions over bytes and values.
//!
//! It reads what a server sends and says what that means: [`hypermedia`] reads resources and their links, [`discovery`],
//! [`challenge`], [`token`], [`application`] and [`events`] the answers of each step, [`reason`] why something failed,
//! [`router`] which event belongs to which send, and [`verdict`] what an answer proves about the request that it answers. Nothing here waits, asks a clock or does I/O, and
//! nothing knows what the program makes of it: sentences and kinds of errors are those of `send-im`.
//!
//! A server may send anything. Every reader takes any bytes, and [`limits`] bounds what is kept of them.
#![forbid(unsafe_code)]

pub mod application;
pub mod challenge;
pub mod data_uri;
pub mod discovery;
pub mod events;
pub mod html;
pub mod hypermedia;
pub mod limits;
pub mod reason;
pub mod router;
pub mod text;
pub mod token;
pub mod verdict;
