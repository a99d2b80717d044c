//! Frames of HTTP/2 as bytes (RFC 9113), also such as no client would send.

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// The preface and settings; with `window` 0 no answer's body may be sent.
pub(crate) fn start(window: u32) -> Vec<u8> {
    let initial_window_size = [&[0, 4][..], &window.to_be_bytes()].concat();
    [PREFACE, &frame(4, 0, 0, &initial_window_size)].concat()
}

pub(crate) fn ping() -> Vec<u8> {
    frame(6, 0, 0, &[7; 8])
}

/// What answers this frame, if it is a ping.
pub(crate) fn pong(head: &[u8; 9], payload: &[u8]) -> Option<Vec<u8>> {
    (head[3] == 6 && head[4] == 0).then(|| frame(6, 1, 0, payload))
}

/// A GET of this path, by indexed fields of the static table and literals that are not indexed (RFC 7541).
pub(crate) fn get(stream: u32, path: &str, flags: u8) -> Vec<u8> {
    let literal = |name: u8, value: &str| [&[name, value.len() as u8], value.as_bytes()].concat();
    let fields = [vec![0x82, 0x86], literal(4, path), literal(1, "127.0.0.1")].concat();
    frame(1, flags, stream, &fields)
}

pub(crate) fn reset(stream: u32) -> Vec<u8> {
    frame(3, 0, stream, &8u32.to_be_bytes())
}

/// More of a head: fields that nobody knows, and no end.
pub(crate) fn continuation(stream: u32) -> Vec<u8> {
    let field = [&[0, 1, b'x', 100][..], &[b'y'; 100]].concat();
    frame(9, 0, stream, &field.repeat(50))
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
