//! What is answered where.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Json, Router};
use send_im::ErrorKind;
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::guard::{Peer, guard};
use crate::hooks;
use crate::metrics::{CONTENT_TYPE, known};
use crate::openapi;
use crate::page;
use crate::problem::Problem;
use crate::sending;
use crate::service::Shared;

/// How long a browser may remember that an origin may send.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let send = || -> MethodRouter<Arc<Shared>> {
        match shared.options.post_only {
            true => post(sending::send),
            // HEAD would be served by the handler of GET, and send.
            false => get(sending::send)
                .post(sending::send)
                .head(async || ([(header::ALLOW, "GET, POST")], no_such_method().await)),
        }
    };
    Router::new()
        .route("/", send())
        .route("/index.html", send())
        .route("/send", send())
        .route("/hooks/{name}", post(hooks::hook))
        .route("/metrics", get(metrics))
        .route_layer(from_fn_with_state(shared.clone(), guard))
        .route("/healthz", get(health))
        .route("/openapi.json", get(openapi))
        .fallback(async || {
            Problem::wrong(StatusCode::NOT_FOUND, "There is nothing here; messages go to /send.")
        })
        .method_not_allowed_fallback(no_such_method)
        .with_state(shared.clone())
        .layer(from_fn_with_state(shared.clone(), page::page))
        .layer(cors(&shared.options.origins))
        .layer(from_fn(plainly))
        .layer(CatchPanicLayer::custom(|_| {
            let detail = "The service failed inside; please report this with its log.";
            Problem::refused(StatusCode::INTERNAL_SERVER_ERROR, ErrorKind::Protocol, detail).into_response()
        }))
        .layer(from_fn_with_state(shared.clone(), observe))
}

async fn no_such_method() -> Problem {
    Problem::wrong(
        StatusCode::METHOD_NOT_ALLOWED,
        "The method is not one of those this path knows; nothing was sent.",
    )
}

async fn health(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Problem> {
    match shared.closing.is_cancelled() {
        true => Err(Problem::closing()),
        false => Ok(Json(json!({"status": "ok"}))),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], shared.metrics.text(shared.sessions.signed_in()))
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi::DOCUMENT.as_str())
}

/// Lets pages of the listed origins ask and read the answers; the check itself is [`guard`]'s.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .allow_private_network(true)
        .max_age(PREFLIGHT_AGE)
}

/// Answers are for who asked, now, and are what they say they are.
async fn plainly(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // The page has a policy of its own.
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    response.headers_mut().entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}

/// Counts and logs: never a query, a header or a path that a stranger thought up.
async fn observe(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (path, method) = (known(request.uri().path()), request.method().clone());
    // Those that there are; others have no name in the log.
    let hook = shared.hooks.named_by(request.uri().path()).map(|name| format!("/hooks/{name}"));
    peer.permit.record_activity();
    // What comes to no handler of ours is not guarded.
    let stray = path == "other" || method == Method::OPTIONS;
    let response = match if stray { shared.refused_rate.allow(peer.address) } else { Ok(()) } {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    peer.permit.record_activity();
    let peer = tracing::field::display(peer.address);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    shared.metrics.answered(path, method.as_str(), status, took);
    let elapsed_ms = took.as_millis() as u64;
    let path = match &hook {
        Some(name) => name.as_str(),
        None => path,
    };
    match path {
        "/healthz" | "/metrics" => tracing::debug!(path, status, peer, elapsed_ms, "answered"),
        // A stranger shall not fill the log.
        _ if status == 429 => tracing::debug!(path, status, peer, elapsed_ms, "answered"),
        _ => tracing::info!(path, status, peer, elapsed_ms, "answered"),
    }
    response
}
