//! UCWA 2.0, the REST interface of Lync Server 2013 and Skype for Business Server, as functions over bytes and values.
//!
//! [`hypermedia`] reads resources and their links; [`discovery`], [`challenge`], [`token`], [`application`] and [`events`] the
//! answers of each step; [`reason`] why something failed. [`router`] decides which event belongs to which send, and [`verdict`]
//! what an answer proves about its request. There is no I/O, no clock and nothing async here. Kinds of errors and their
//! sentences are those of `send-im`.
//!
//! A server may send anything: every parser takes any bytes, and [`limits`] bounds what is stored of them.
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
