//! The example program, as a person runs it.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::process::{Command, Output};

use send_im_sandbox::Sandbox;

async fn run(sandbox: &Sandbox, password: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_send"));
    command.args(arguments).env("SEND_IM_ADDRESS", "tosh@contoso.com").env("SEND_IM_PASSWORD", password);
    command.env("SEND_IM_SERVER", sandbox.url());
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sends() {
    let sandbox = Sandbox::start().await.unwrap();
    let done = run(&sandbox, "x", &["lenea@contoso.com", "hello world"]).await;
    assert_eq!(String::from_utf8(done.stderr).unwrap(), "");
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(said, "lenea@contoso.com accepted the message (invitation_accepted).\n");
    assert!(done.status.success());
    assert_eq!(sandbox.inbox("lenea@contoso.com")[0].text, "hello world");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_sentence_and_the_exit_code_of_the_error() {
    let sandbox = Sandbox::start().await.unwrap();
    for (to, password, code) in
        [("lenea", "x", 2), ("lenea@contoso.com", "wrong", 3), ("busy@contoso.com", "x", 4)]
    {
        let done = run(&sandbox, password, &[to, "hello world"]).await;
        assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(code), &b""[..]), "{to} {password}");
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.ends_with(".\n") && said.lines().count() == 1, "{said}");
    }
    assert_eq!(run(&sandbox, "x", &["lenea@contoso.com"]).await.status.code(), Some(2));
}
