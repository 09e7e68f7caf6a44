//! The control plane.

use std::time::Duration;

use serde_json::{Value, json};
use spec_tests::daytona::FakeOptions;

use super::client::{eventually, start};

#[tokio::test]
async fn create_answers_creating_although_the_sandbox_has_started() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let body = json!({ "name": "one", "env": { "A": "b" }, "labels": { "x": "y" } });
    let created = client.api("POST", "/sandbox", body).await.expect(200);
    assert_eq!(created["state"], "creating");
    assert_eq!(created["autoStopInterval"], 15);
    assert_eq!(created["autoDeleteInterval"], -1);
    let found = client.get("/sandbox/one").await;
    assert_eq!(found.header("x-daytona-api-version"), Some("v0.214.3"));
    let found = found.expect(200);
    assert_eq!(found["state"], "started");
    assert_eq!(found["env"], json!({ "A": "b" }));
    let seen = client.fake.sandboxes();
    assert_eq!(seen[0].record, found);
    let id = seen[0].id.as_str();
    let url = client
        .get(&format!("/sandbox/{id}/toolbox-proxy-url"))
        .await;
    assert_eq!(url.expect(200)["url"], found["toolboxProxyUrl"]);
}

#[tokio::test]
async fn a_name_is_taken_until_its_sandbox_is_deleted() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({ "name": "one" })).await;
    let again = client
        .api("POST", "/sandbox", json!({ "name": "one" }))
        .await;
    let refusal = again.expect(409);
    assert_eq!(refusal["error"], "Conflict");
    assert_eq!(refusal["path"], "/api/sandbox");
    let deleted = client
        .api("DELETE", "/sandbox/one", Value::Null)
        .await
        .expect(200);
    assert_eq!(deleted["state"], "destroying");
    let name = deleted["name"].as_str().unwrap();
    assert!(name.starts_with("DESTROYED_one_"), "{name}");
    client.get("/sandbox/one").await.expect(404);
    client.create(json!({ "name": "one" })).await;
    client.becomes(&id, "gone").await;
    let ledger = client.fake.ledger();
    assert_eq!((ledger.created, ledger.destroyed), (2, 1));
    assert_eq!(ledger.live.into_iter().collect::<Vec<_>>(), ["one"]);
}

#[tokio::test]
async fn a_field_that_nobody_knows_is_ignored_without_a_word() {
    let (_fake, client) = start(FakeOptions {
        minute: Duration::from_millis(1),
        ..FakeOptions::default()
    })
    .await;
    let body = json!({ "ttl_minutes": 1, "autoStopInterval": 0 });
    let id = client.create(body).await;
    let found = client.get(&format!("/sandbox/{id}")).await.expect(200);
    assert_eq!(found["autoStopInterval"], 0);
}

#[tokio::test]
async fn a_create_call_that_contradicts_itself_is_refused() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let info = json!({ "dockerfileContent": "FROM rust\n" });
    for body in [
        json!({ "cpu": 2 }),
        json!({ "snapshot": "daytona-small", "cpu": 2 }),
        json!({ "snapshot": "daytona-small", "buildInfo": info }),
        json!({ "autoStopInterval": "15" }),
        json!({ "labels": { "x": 1 } }),
        json!({ "ttlMinutes": -1 }),
    ] {
        client.api("POST", "/sandbox", body).await.expect(400);
    }
    let long = json!({ "env": { "LONG": "x".repeat(2 << 20) } });
    client.api("POST", "/sandbox", long).await.expect(413);
    client
        .create(json!({ "buildInfo": info, "cpu": 2, "memory": 4 }))
        .await;
    assert_eq!(client.fake.ledger().created, 1);
}

#[tokio::test]
async fn without_the_key_nothing_is_told() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    for path in ["/api/sandbox".to_owned(), format!("/toolbox/{id}/work-dir")] {
        let request = client.request_with("wrong", "GET", &path);
        let refusal = client.send(request).await.unwrap();
        let refusal = refusal.expect(401);
        assert_eq!(refusal["path"], path);
        assert_eq!(refusal["statusCode"], 401);
    }
}

#[tokio::test]
async fn a_path_outside_of_the_api_is_the_dashboard() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let page = client
        .send(client.request("GET", "/sandbox"))
        .await
        .unwrap();
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    client
        .get("/socket.io/?transport=websocket")
        .await
        .expect(404);
    client.get("/sandboxes").await.expect(404);
    // The toolbox has none: what a daemon does not have is not there.
    let id = client.create(json!({})).await;
    let missing = client.toolbox(&id, "GET", "/processes", Value::Null).await;
    assert_eq!(missing.expect(404)["source"], "DAYTONA_DAEMON");
}

#[tokio::test]
async fn a_list_is_filtered_and_cut_into_pages() {
    let (_fake, client) = start(FakeOptions::default()).await;
    for number in 0..5 {
        let group = if number < 3 { "a" } else { "b" };
        let body = json!({ "name": format!("s{number}"), "labels": { "group": group, "x": "y" } });
        client.create(body).await;
    }
    let labels = "labels=%7B%22group%22%3A%22a%22%7D";
    let first = client
        .get(&format!("/sandbox?{labels}&limit=2"))
        .await
        .expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert!(first["items"][0].get("env").is_none());
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = client
        .get(&format!("/sandbox?{labels}&limit=2&cursor={cursor}"))
        .await;
    let second = second.expect(200);
    assert_eq!(second["items"][0]["name"], "s2");
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["nextCursor"], Value::Null);
    let stopped = client
        .get("/sandbox?states=stopped&states=error")
        .await
        .expect(200);
    assert_eq!(stopped["items"], json!([]));
    let named = client.get("/sandbox?name=S4").await.expect(200);
    assert_eq!(named["items"].as_array().unwrap().len(), 1);
    for limit in ["0", "201", "x"] {
        client
            .get(&format!("/sandbox?limit={limit}"))
            .await
            .expect(400);
    }
}

#[tokio::test]
async fn labels_are_replaced_as_a_whole() {
    let (_fake, client) = start(FakeOptions::default()).await;
    client
        .create(json!({ "name": "one", "labels": { "a": "b" } }))
        .await;
    let body = json!({ "labels": { "c": "d" } });
    let answer = client.api("PUT", "/sandbox/one/labels", body.clone()).await;
    assert_eq!(answer.expect(200), body);
    let found = client.get("/sandbox/one").await.expect(200);
    assert_eq!(found["labels"], body["labels"]);
}

#[tokio::test]
async fn answers_count_down_what_is_left_of_their_class() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let first = client.api("POST", "/sandbox", json!({})).await;
    let second = client.api("POST", "/sandbox", json!({})).await;
    assert_eq!(
        first.header("x-ratelimit-limit-sandbox-create"),
        Some("300")
    );
    assert_eq!(
        first.header("x-ratelimit-remaining-sandbox-create"),
        Some("299")
    );
    assert_eq!(
        second.header("x-ratelimit-remaining-sandbox-create"),
        Some("298")
    );
}

#[tokio::test]
async fn a_stopped_sandbox_starts_again_with_its_files() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({ "name": "one" })).await;
    client.execute(&id, "echo kept > file").await;
    client
        .api("POST", "/sandbox/one/stop", Value::Null)
        .await
        .expect(200);
    client.becomes(&id, "stopped").await;
    let answer = client.toolbox(&id, "GET", "/work-dir", Value::Null).await;
    assert_eq!(answer.status, 502);
    client
        .api("POST", "/sandbox/one/start", Value::Null)
        .await
        .expect(200);
    client.becomes(&id, "started").await;
    client
        .api("POST", "/sandbox/one/start", Value::Null)
        .await
        .expect(200);
    assert_eq!(client.execute(&id, "cat file").await["result"], "kept\n");
}

#[tokio::test]
async fn a_sandbox_ends_when_its_time_is_over() {
    let (_fake, client) = start(FakeOptions {
        minute: Duration::from_millis(50),
        ..FakeOptions::default()
    })
    .await;
    let body = json!({ "ttlMinutes": 4, "autoStopInterval": 0 });
    let id = client.create(body).await;
    let unlimited = client.create(json!({ "autoStopInterval": 0 })).await;
    client.becomes(&id, "gone").await;
    assert_eq!(client.state(&unlimited).await, "started");
    let path = format!("/sandbox/{unlimited}/ttl/1");
    client.api("POST", &path, Value::Null).await.expect(200);
    client.becomes(&unlimited, "gone").await;
}

#[tokio::test]
async fn an_idle_sandbox_is_stopped_even_while_something_runs_in_it() {
    let (_fake, client) = start(FakeOptions {
        minute: Duration::from_millis(100),
        ..FakeOptions::default()
    })
    .await;
    let id = client.create(json!({ "autoStopInterval": 3 })).await;
    let gone = client
        .create(json!({ "autoStopInterval": 3, "autoDeleteInterval": 0 }))
        .await;
    for each in [&id, &gone] {
        client.session(each, "s").await;
        client.exec(each, "s", "sleep 1000").await;
    }
    client.becomes(&id, "stopped").await;
    client.becomes(&gone, "gone").await;
    assert_eq!(client.fake.processes(&id), Vec::<i32>::new());
}

#[tokio::test]
async fn an_open_socket_and_a_kept_alive_sandbox_are_not_idle() {
    let (_fake, client) = start(FakeOptions {
        minute: Duration::from_millis(100),
        ..FakeOptions::default()
    })
    .await;
    let followed = client.create(json!({ "autoStopInterval": 2 })).await;
    let kept = client.create(json!({ "autoStopInterval": 2 })).await;
    let idle = client.create(json!({ "autoStopInterval": 6 })).await;
    client.session(&followed, "s").await;
    let command = client.exec(&followed, "s", "sleep 1000").await;
    let _socket = client.follow(&followed, "s", &command).await;
    let path = format!("/sandbox/{kept}/last-activity");
    eventually("the idle one stops", async || {
        let body = json!({ "activityType": "toolbox" });
        client.api("POST", &path, body).await.expect(201);
        client.state(&idle).await == "stopped"
    })
    .await;
    assert_eq!(client.state(&followed).await, "started");
    assert_eq!(client.state(&kept).await, "started");
    client
        .api("POST", "/sandbox/nobody/last-activity", Value::Null)
        .await
        .expect(404);
}
