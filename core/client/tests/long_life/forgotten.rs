//! Connections that a balancer has forgotten without a word.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use send_im::{Account, Client, Message};
use send_im_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::clock::{self, drive, pass, until};
use crate::common::LENE;

/// So long the balancer keeps a connection on which nothing is said: what many have by default.
const KEPT: Duration = Duration::from_secs(60);

/// Passes bytes on. What comes after a longer silence reaches nobody, and nobody says so.
async fn balance(client: TcpStream, to: u16) -> Option<()> {
    let server = TcpStream::connect(("127.0.0.1", to)).await.ok()?;
    let last = Arc::new(Mutex::new(Instant::now()));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    for (mut from, mut to, forgets) in [(from_client, to_server, true), (from_server, to_client, false)] {
        let last = last.clone();
        tokio::spawn(async move {
            let (mut bytes, mut forgotten) = ([0; 4096], false);
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                let silence = std::mem::replace(&mut *last.lock().unwrap(), Instant::now()).elapsed();
                forgotten |= forgets && silence >= KEPT;
                if !forgotten && to.write_all(&bytes[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
    Some(())
}

#[tokio::test(start_paused = true)]
async fn a_message_is_not_put_on_a_connection_that_was_silent_for_long() {
    let _held = clock::hold();
    // One that listens everywhere names in its links the host it was asked by.
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let sandbox = Sandbox::builder().listen(everywhere).start().await.unwrap();
    let behind = sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            balance(stream, behind).await;
        }
    });
    let account = Account::with_password("tosh@contoso.com", "x").server(server);
    let client = drive(Client::sign_in(account)).await.unwrap();
    for (number, silence) in [0, 30, 59, 61, 75, 89, 120].into_iter().enumerate() {
        pass(Duration::from_secs(silence), Duration::from_secs(1), async || ()).await;
        drive(until(|| sandbox.pending_gets() == 1)).await;
        let message = Message::text(LENE, number.to_string()).timeout(Duration::from_secs(20));
        drive(client.send(message)).await.unwrap_or_else(|error| panic!("after {silence} s: {error}"));
        assert_eq!(sandbox.messages().len(), number + 1);
    }
    drive(client.sign_out()).await.unwrap();
}
