//! Sends one message: `cargo run -- lenea@contoso.com "disk full on db7"`.
//!
//! Who sends comes from `SEND_IM_ADDRESS` and `SEND_IM_PASSWORD`, or from `~/.config/send-im/config.toml`
//! (on Windows `%APPDATA%\send-im\config.toml`).

use std::process::ExitCode;

use send_im::{Account, Receipt, send_im};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [recipient, text] = arguments.as_slice() else {
        eprintln!("usage: send RECIPIENT TEXT");
        return ExitCode::from(2);
    };
    match send(recipient, text).await {
        Ok(receipt) => {
            let accepted_by = receipt.accepted_by.as_deref().unwrap_or_default();
            println!("{accepted_by} accepted the message ({}).", receipt.evidence.as_str());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.kind().exit_code())
        }
    }
}

async fn send(recipient: &str, text: &str) -> send_im::Result<Receipt> {
    send_im(&Account::stored()?, recipient, text).await
}
