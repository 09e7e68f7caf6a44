//! `/processes`, where it is asked for.

use serde_json::{Value, json};
use spec_tests::daytona::FakeOptions;

use super::client::{eventually, start};

fn newer() -> FakeOptions {
    FakeOptions {
        processes: true,
        ..FakeOptions::default()
    }
}

#[tokio::test]
async fn a_process_is_followed_from_any_cursor_and_ends_with_its_code() {
    let (_fake, client) = start(newer()).await;
    let id = client.create(json!({})).await;
    // None of what is a trap in a session is one here.
    let text = "printf 'a\\0b'; sleep 1000 & cat; echo $X >&2; exit 3";
    let body = json!({ "shellCommand": text, "stdin": "pipe", "env": { "X": "err" } });
    let created = client
        .toolbox(&id, "POST", "/processes", body)
        .await
        .expect(201);
    assert_eq!(created["state"], "running");
    let path = format!("/processes/{}", created["id"].as_str().unwrap());
    let body = json!({ "data": "in", "eof": true });
    client
        .toolbox(&id, "POST", &format!("{path}/stdin"), body)
        .await
        .expect(204);
    let ended = client
        .toolbox(&id, "GET", &format!("{path}/wait"), Value::Null)
        .await;
    let ended = ended.expect(200);
    assert_eq!(ended["state"], "terminal");
    assert_eq!(ended["reason"], "exited");
    assert_eq!(ended["exitCode"], 3);
    let followed = format!("{path}/logs?follow=true");
    let followed = client
        .toolbox(&id, "GET", &followed, Value::Null)
        .await
        .text();
    assert!(followed.contains("\"eof\":true"), "{followed}");
    let logs = format!("{path}/logs");
    let logs = client
        .toolbox(&id, "GET", &logs, Value::Null)
        .await
        .expect(200);
    assert_eq!(logs["eof"], true);
    let text = |channel: &str| {
        let frames = logs["frames"].as_array().unwrap().iter();
        let frames = frames.filter(|frame| frame["channel"] == channel);
        frames
            .map(|frame| frame["data"].as_str().unwrap())
            .collect::<String>()
    };
    assert_eq!(
        (text("stdout"), text("stderr")),
        ("a\0bin".to_owned(), "err\n".to_owned())
    );
    let last = format!("{path}/logs?cursor={}", logs["cursor"].as_str().unwrap());
    let last = client
        .toolbox(&id, "GET", &last, Value::Null)
        .await
        .expect(200);
    assert_eq!(last["frames"], json!([]));
    let all = client.toolbox(&id, "GET", "/processes", Value::Null).await;
    assert_eq!(all.expect(200), json!([ended]));
}

#[tokio::test]
async fn a_process_may_be_signalled_be_late_or_not_start() {
    let (_fake, client) = start(newer()).await;
    let id = client.create(json!({})).await;
    let create = async |body: Value| {
        let created = client
            .toolbox(&id, "POST", "/processes", body)
            .await
            .expect(201);
        format!("/processes/{}", created["id"].as_str().unwrap())
    };
    let ends = async |path: &str| {
        let wait = format!("{path}/wait");
        let ended = client
            .toolbox(&id, "GET", &wait, Value::Null)
            .await
            .expect(200);
        ended["reason"].as_str().unwrap().to_owned()
    };
    let late = create(json!({ "argv": ["sleep", "1000"], "timeoutMs": 50 })).await;
    assert_eq!(ends(&late).await, "timed_out");
    let missing = create(json!({ "argv": ["/nowhere"] })).await;
    assert_eq!(ends(&missing).await, "failed");
    let text = "trap '' TERM; touch deaf; sleep 1000";
    let deaf = create(json!({ "shellCommand": text })).await;
    eventually("it is deaf", async || {
        let path = "/files/info?path=deaf";
        client.toolbox(&id, "GET", path, Value::Null).await.status == 200
    })
    .await;
    let body = json!({ "signal": "TERM", "escalateAfterMs": 50, "escalateTo": "KILL" });
    let signals = format!("{deaf}/signals");
    client
        .toolbox(&id, "POST", &signals, body.clone())
        .await
        .expect(204);
    assert_eq!(ends(&deaf).await, "signaled");
    client
        .toolbox(&id, "POST", &signals, body)
        .await
        .expect(410);
    let stopped = create(json!({ "argv": ["sleep", "1000"] })).await;
    client
        .api("POST", &format!("/sandbox/{id}/stop"), Value::Null)
        .await
        .expect(200);
    client.becomes(&id, "stopped").await;
    client
        .api("POST", &format!("/sandbox/{id}/start"), Value::Null)
        .await
        .expect(200);
    client.becomes(&id, "started").await;
    assert_eq!(ends(&stopped).await, "sandbox_stopped");
}
