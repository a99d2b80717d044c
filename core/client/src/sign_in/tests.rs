use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Sets a cookie each time, and says whether one came.
async fn set_and_tell(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
        let came = String::from_utf8(head).unwrap().contains("cookie: LB=fe1");
        let end = "Set-Cookie: LB=fe1\r\nConnection: close\r\nContent-Length: 1\r\n\r\n";
        stream.write_all(format!("HTTP/1.1 200 OK\r\n{end}{}", u8::from(came)).as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn cookies_are_forgotten_with_the_tokens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(set_and_tell(listener));
    let account = Account::with_password("tosh@contoso.com", "x").server(url.as_str());
    let address = Address::parse("tosh@contoso.com", "address").unwrap();
    let connection = AuthenticatedHttp::new(account, address, Vec::new()).unwrap();
    let asked = async || {
        let deadline = Instant::now() + TOKEN_TIMEOUT;
        let request = Request::new(Method::GET, url.clone(), Step::Discover, deadline);
        connection.http.call(request, &StepLog::quiet()).await.map_err(Error::from).unwrap().body
    };
    assert_eq!((asked().await, asked().await), ("0".into(), "1".into()));
    connection.clear_tokens_and_cookies();
    assert_eq!(asked().await, "0");
}
