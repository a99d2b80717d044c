//! The description says what the service does.

use send_im::ErrorKind;
use serde_json::Value;

use crate::common::*;

async fn document(world: &World) -> Value {
    let answer = answer(world.get("openapi.json")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

fn names(value: &Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn describes_this_version_and_every_path() {
    let world = World::new().await;
    let document = document(&world).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut paths = names(&document["paths"]);
    paths.sort();
    assert_eq!(paths, ["/", "/healthz", "/index.html", "/metrics", "/openapi.json", "/send"]);
    for path in paths {
        assert!(matches!(status(world.get(&path[1..])).await, 200 | 400), "{path}");
    }
}

#[tokio::test]
async fn knows_every_kind_of_error_and_every_status() {
    let world = World::new().await;
    let document = document(&world).await;
    let kinds: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(
        document["components"]["schemas"]["Problem"]["properties"]["kind"]["enum"],
        serde_json::json!(kinds)
    );
    let send = &document["components"]["pathItems"]["Send"];
    for method in ["get", "post"] {
        let statuses = names(&send[method]["responses"]);
        for status in ["200", "400", "401", "403", "404", "409", "413", "415", "429", "502", "503", "504"] {
            assert!(statuses.iter().any(|known| known == status), "{method} {status}");
        }
    }
}

#[tokio::test]
async fn a_problem_and_a_receipt_have_the_members_described() {
    let world = World::new().await;
    let document = document(&world).await;
    for (schema, name) in [("Receipt", "lenea"), ("Problem", "busy")] {
        let mut told = names(&answer(world.message_to(name)).await.json());
        let mut described = names(&document["components"]["schemas"][schema]["properties"]);
        told.sort();
        described.sort();
        assert_eq!(told, described);
    }
}
