//! `GET /specs/{spec_id}/events`

use serde_json::json;

use crate::harness::App;

#[tokio::test]
async fn events_are_read_page_by_page() {
    let app = App::idle();
    let path = format!("/specs/{}", app.draft().await);
    app.post(&format!("{path}/execute"), &json!({})).await;

    let first = app.get(&format!("{path}/events?limit=1")).await.json;
    assert_eq!(first["events"][0]["type"], "spec.created");
    assert_eq!(first["events"][0]["sequence"], 1);
    assert_eq!(first["events"][0]["data"]["title"], "t");
    assert_eq!(first["next_after"], 1);

    let rest = app.get(&format!("{path}/events?after=1")).await.json;
    assert_eq!(rest["events"][0]["type"], "spec.execution_started");
    let last = rest["next_after"].as_u64().unwrap();
    assert_eq!(last, 1 + rest["events"].as_array().unwrap().len() as u64);

    let none = app.get(&format!("{path}/events?after={last}")).await.json;
    assert_eq!(none, json!({ "events": [], "next_after": last }));
}

#[tokio::test]
async fn events_of_no_spec_are_not_found() {
    let app = App::idle();
    let path = "/specs/01900000-0000-7000-8000-000000000000/events";
    app.get(path).await.problem(404);
    app.get(&format!("{path}/stream")).await.problem(404);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_used_is_named() {
    let app = App::idle();
    let path = format!("/specs/{}/events", app.draft().await);
    for (query, name) in [
        ("after=-1", "after"),
        ("limit=0", "limit"),
        ("since=1", "since"),
    ] {
        assert_eq!(
            app.get(&format!("{path}?{query}")).await.problem(422),
            [name]
        );
    }
}
