//! The description says what the service does.

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
async fn knows_every_status_and_every_parameter() {
    let world = World::new().await;
    let document = document(&world).await;
    let send = &document["components"]["pathItems"]["Send"];
    for method in ["get", "post"] {
        let statuses = names(&send[method]["responses"]);
        for status in ["200", "400", "401", "403", "404", "409", "413", "415", "429", "502", "503", "504"] {
            assert!(statuses.iter().any(|known| known == status), "{method} {status}");
        }
    }
    let types = |method: &str| names(&send[method]["responses"]["200"]["content"]);
    assert_eq!(types("get"), ["application/json"]);
    assert_eq!(types("post"), ["application/json", "text/event-stream"]);
    // The service names its parameters to whoever gives it another one.
    let told = answer(world.get("?none=of+them")).await.json()["detail"].as_str().unwrap().to_owned();
    let mut known: Vec<_> =
        told.trim_end_matches('.').split_once("none of ").unwrap().1.split(", ").collect();
    known.sort_unstable();
    assert_eq!(names(&document["components"]["schemas"]["Message"]["properties"]), known);
    let parameters = send["get"]["parameters"].as_array().unwrap();
    assert_eq!(parameters.iter().map(|each| each["name"].as_str().unwrap()).collect::<Vec<_>>(), known);
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
