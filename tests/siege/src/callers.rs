//! The honest callers: messages at a steady pace, and the question whether the service is there.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Certificate, Client, ClientBuilder};
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::{Plan, Service};

/// Between two questions for `/healthz`.
const HEALTH: Duration = Duration::from_secs(1);

/// Sends until the time is over, and prints what the service said of each message.
pub(crate) async fn run(plan: Plan, length: Duration) {
    let end = Instant::now() + length;
    let mut callers = Vec::new();
    let mut questions = Vec::new();
    for service in &plan.services {
        for (name, two) in [("HTTP/1.1", false), ("HTTP/2", true)] {
            for kept in [true, false] {
                let how = if kept { "one connection" } else { "new connections" };
                let client = client(&plan, service, two, kept);
                callers.push(caller(
                    client,
                    service.clone(),
                    format!("{} {name} {how}", service.name),
                    plan.pace,
                    end,
                ));
            }
        }
        questions.push(health(client(&plan, service, false, false), service.clone(), end));
    }
    tokio::join!(join_all(callers), join_all(questions));
}

fn client(plan: &Plan, service: &Service, two: bool, kept: bool) -> Client {
    let builder: ClientBuilder = Client::builder()
        .no_proxy()
        .local_address(std::net::IpAddr::from(plan.address))
        .timeout(Duration::from_secs(plan.patience));
    let builder = match &service.ca_file {
        Some(file) => builder.tls_certs_only([Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap()]),
        None => builder,
    };
    let builder = match (two, &service.ca_file) {
        (true, None) => builder.http2_prior_knowledge(),
        (true, Some(_)) => builder,
        (false, _) => builder.http1_only(),
    };
    let builder = if kept { builder } else { builder.pool_max_idle_per_host(0) };
    builder.build().unwrap()
}

fn url(service: &Service, path: &str) -> String {
    let scheme = if service.ca_file.is_some() { "https" } else { "http" };
    format!("{scheme}://{}/{path}", service.address)
}

async fn caller(client: Client, service: Service, name: String, pace: f64, end: Instant) {
    let mut ticks = interval(Duration::from_secs_f64(1.0 / pace));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0.. {
        ticks.tick().await;
        if Instant::now() >= end {
            return;
        }
        let text = format!("{name} {number}");
        let message = json!({ "recipient": "lenea@contoso.com", "message": text });
        let request = client.post(url(&service, "send")).header("content-type", "application/json");
        let request = match &service.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let said = match request.body(message.to_string()).send().await {
            Ok(answer) if answer.status() == 200 => "200".to_owned(),
            Ok(answer) => format!("{} {}", answer.status().as_u16(), answer.text().await.unwrap_or_default()),
            Err(error) => format!("{error:?}"),
        };
        crate::tell(&json!({ "text": text, "said": said }));
    }
}

async fn health(client: Client, service: Service, end: Instant) {
    while Instant::now() < end {
        let said = match client.get(url(&service, "healthz")).send().await {
            Ok(answer) => answer.status().as_u16().to_string(),
            Err(error) => format!("{error:?}"),
        };
        crate::tell(&json!({ "health": service.name, "said": said }));
        sleep(HEALTH).await;
    }
}
