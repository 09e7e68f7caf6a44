//! Every fault strikes when it is told to, and does what it says.

use serde_json::{Value, json};
use spec_tests::daytona::{FakeOptions, Fault, FaultPlan};

use super::client::{eventually, start};

#[tokio::test]
async fn a_lost_answer_to_create_leaves_a_sandbox() {
    let (_fake, client) = start(FakeOptions::default()).await;
    client.fake.inject(Fault::LostCreateResponse);
    let request = client
        .request("POST", "/api/sandbox")
        .json(&json!({ "name": "one" }));
    assert!(client.send(request).await.is_err());
    assert_eq!(client.state("one").await, "started");
    assert_eq!(client.fake.struck(), [(Fault::LostCreateResponse, 1)]);
}

#[tokio::test]
async fn a_create_call_may_find_the_provider_unavailable_or_busy() {
    let (_fake, client) = start(FakeOptions {
        retry_after: 7,
        ..FakeOptions::default()
    })
    .await;
    client.fake.inject(FaultPlan {
        fault: Fault::CreateUnavailable,
        skip: 1,
        times: 2,
    });
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(
            client
                .api("POST", "/sandbox", json!({}))
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(client.fake.ledger().created, 2);
    client.fake.inject(Fault::RateLimited);
    let limited = client.api("POST", "/sandbox", json!({})).await;
    assert_eq!(limited.header("retry-after-sandbox-create"), Some("7"));
    assert_eq!(
        limited.header("x-ratelimit-remaining-sandbox-create"),
        Some("0")
    );
    assert_eq!(limited.expect(429)["error"], "Too Many Requests");
    let id = client.create(json!({})).await;
    client.fake.inject(Fault::RateLimited);
    let path = format!("/sandbox/{id}");
    let limited = client.api("DELETE", &path, Value::Null).await;
    assert_eq!(limited.header("retry-after-sandbox-lifecycle"), Some("7"));
    limited.expect(429);
    assert_eq!(client.state(&id).await, "started");
}

#[tokio::test]
async fn a_lifecycle_call_may_be_too_early() {
    for (fault, status) in [
        (Fault::ConflictWhileCreating, 409),
        (Fault::BadRequestWhileCreating, 400),
    ] {
        let (_fake, client) = start(FakeOptions::default()).await;
        client.create(json!({ "name": "one" })).await;
        client.fake.inject(fault);
        let refused = client
            .api("DELETE", "/sandbox/one", Value::Null)
            .await
            .expect(status);
        assert_eq!(refused["message"], "Sandbox state change in progress");
        eventually("it is deleted", async || {
            let answer = client.api("DELETE", "/sandbox/one", Value::Null).await;
            answer.status == 200
        })
        .await;
        assert_eq!(client.fake.struck(), [(fault, 1)]);
    }
}

#[tokio::test]
async fn a_slow_start_refuses_what_comes_too_early() {
    let (_fake, client) = start(FakeOptions::default()).await;
    client.fake.inject(Fault::SlowStart);
    let id = client.create(json!({ "name": "one" })).await;
    client
        .api("DELETE", "/sandbox/one", Value::Null)
        .await
        .expect(409);
    let early = client.toolbox(&id, "GET", "/work-dir", Value::Null).await;
    assert_eq!(early.status, 502);
    client.becomes(&id, "pulling_snapshot").await;
    client.becomes(&id, "started").await;
}

#[tokio::test]
async fn a_failed_start_leaves_a_sandbox_in_error() {
    let (_fake, client) = start(FakeOptions::default()).await;
    client.fake.inject(Fault::FailedStart);
    let refused = client
        .api("POST", "/sandbox", json!({ "name": "one" }))
        .await
        .expect(400);
    let message = refused["message"].as_str().unwrap();
    assert!(
        message.starts_with("Sandbox failed to start: "),
        "{message}"
    );
    let found = client.get("/sandbox/one").await.expect(200);
    assert_eq!(found["state"], "error");
    assert!(message.ends_with(found["errorReason"].as_str().unwrap()));
    client
        .api("DELETE", "/sandbox/one", Value::Null)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_list_flaps_around_a_deletion_that_takes_its_time() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.fake.inject(Fault::DeleteLags);
    client.fake.inject(FaultPlan {
        fault: Fault::ListFlaps,
        skip: 1,
        times: 2,
    });
    let listed = async || {
        let list = client.get("/sandbox").await.expect(200);
        let items = list["items"].as_array().unwrap();
        items
            .first()
            .map(|item| item["state"].as_str().unwrap().to_owned())
    };
    client
        .api("DELETE", &format!("/sandbox/{id}"), Value::Null)
        .await
        .expect(200);
    assert_eq!(client.state(&id).await, "destroying");
    assert_eq!(listed().await.as_deref(), Some("destroying"));
    assert_eq!(listed().await, None);
    client.becomes(&id, "gone").await;
    assert_eq!(listed().await.as_deref(), Some("started"));
    assert_eq!(listed().await, None);
}

#[tokio::test]
async fn a_toolbox_may_answer_nothing_but_502_for_some_time() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.fake.inject(Fault::BadGateway);
    let answer = client.toolbox(&id, "GET", "/work-dir", Value::Null).await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.is_empty());
    assert_eq!(client.state(&id).await, "started");
    eventually("it is back", async || {
        client
            .toolbox(&id, "GET", "/work-dir", Value::Null)
            .await
            .status
            == 200
    })
    .await;
}

#[tokio::test]
async fn a_followed_log_is_cut_at_the_chosen_byte() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let command = client.exec(&id, "s", "echo one; echo two").await;
    client.exits(&id, "s", &command).await;
    for (fault, at, code) in [
        (Fault::SocketCut1006, 0, 1006),
        (Fault::SocketCut1006, 5, 1006),
        (Fault::SocketCut1011, 9, 1011),
        (Fault::SocketCut1011, 1000, 1011),
    ] {
        client.fake.inject(fault);
        client.fake.cut_sockets_at(at);
        let (frames, ended) = client.follow(&id, "s", &command).await.rest().await;
        let expected = usize::try_from(at).unwrap().min(14);
        assert_eq!(
            (frames.concat().len(), ended),
            (expected, code),
            "{fault} at {at}"
        );
    }
    let (frames, ended) = client.follow(&id, "s", &command).await.rest().await;
    assert_eq!((frames.concat().len(), ended), (14, 1000));
}

#[tokio::test]
async fn a_shell_may_die_and_its_child_go_on() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    client.fake.inject(Fault::SessionShellDeath);
    let child = "until [ -e go ]; do sleep 0.01; done; echo done > done";
    let command = client.exec(&id, "s", &format!("bash -c '{child}'")).await;
    let input = format!("/process/session/s/command/{command}/input");
    eventually("the shell dies", async || {
        let answer = client
            .toolbox(&id, "POST", &input, json!({ "data": "x" }))
            .await;
        answer.status == 410
    })
    .await;
    client.execute(&id, "touch go").await;
    eventually("the child ends", async || {
        let path = "/files/info?path=done";
        client.toolbox(&id, "GET", path, Value::Null).await.status == 200
    })
    .await;
    assert_eq!(client.exit_code(&id, "s", &command).await, None);
}

#[tokio::test]
async fn an_exit_code_may_be_missing_for_ever() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    client.fake.inject(Fault::MissingExitCode);
    let lost = client.exec(&id, "s", "echo hi").await;
    let next = client.exec(&id, "s", "true").await;
    assert_eq!(client.exits(&id, "s", &next).await, 0);
    assert_eq!(client.exit_code(&id, "s", &lost).await, None);
    assert_eq!(client.log(&id, "s", &lost).await, b"\x01\x01\x01hi\n");
}

#[tokio::test]
async fn an_ephemeral_sandbox_may_be_stopped_under_its_command() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({ "autoDeleteInterval": 0 })).await;
    client.session(&id, "s").await;
    client.fake.inject(Fault::AutoStop);
    let command = client.exec(&id, "s", "echo hi; sleep 1000").await;
    let (frames, code) = client.follow(&id, "s", &command).await.rest().await;
    assert_eq!(frames.concat(), b"\x01\x01\x01hi\n");
    assert_eq!(code, 1006);
    client.becomes(&id, "gone").await;
}

#[tokio::test]
async fn a_sandbox_without_memory_loses_its_processes_and_keeps_its_files() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    client.fake.inject(Fault::Oom);
    client.exec(&id, "s", "touch file; sleep 1000").await;
    eventually("it is away", async || {
        let answer = client
            .toolbox(&id, "GET", "/process/session", Value::Null)
            .await;
        answer.status == 502
    })
    .await;
    assert_eq!(client.state(&id).await, "started");
    eventually("it is back", async || {
        let answer = client
            .toolbox(&id, "GET", "/process/session", Value::Null)
            .await;
        answer.status == 200 && answer.json() == json!([])
    })
    .await;
    assert_eq!(client.fake.processes(&id), Vec::<i32>::new());
    assert_eq!(client.execute(&id, "ls").await["result"], "file\n");
}

#[tokio::test]
async fn a_lost_answer_to_an_exec_leaves_the_command_running() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    client.fake.inject(Fault::LostExecResponse);
    let body = json!({ "command": "touch file", "runAsync": true });
    let path = format!("/toolbox/{id}/process/session/s/exec");
    let lost = client.send(client.request("POST", &path).json(&body)).await;
    assert!(lost.is_err());
    eventually("it runs", async || {
        let path = "/files/info?path=file";
        client.toolbox(&id, "GET", path, Value::Null).await.status == 200
    })
    .await;
    let session = client
        .toolbox(&id, "GET", "/process/session/s", Value::Null)
        .await;
    assert_eq!(session.expect(200)["commands"][0]["command"], "touch file");
}

#[tokio::test]
async fn an_answer_may_be_a_page_or_late() {
    let (_fake, client) = start(FakeOptions::default()).await;
    client.fake.inject(Fault::DashboardHtml);
    let page = client.get("/sandbox").await;
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    client.fake.inject(Fault::SlowAnswer);
    let begun = std::time::Instant::now();
    client.get("/sandbox").await.expect(200);
    assert!(begun.elapsed() >= FakeOptions::default().lag);
}

#[tokio::test]
async fn requests_are_kept_as_they_came() {
    let (_fake, client) = start(FakeOptions::default()).await;
    client
        .api("POST", "/sandbox?x=1", json!({ "name": "one" }))
        .await
        .expect(200);
    let requests = client.fake.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        (requests[0].method.as_str(), requests[0].path.as_str()),
        ("POST", "/api/sandbox")
    );
    assert_eq!(requests[0].query, "x=1");
    assert_eq!(requests[0].body, b"{\"name\":\"one\"}");
    client.fake.forget_requests();
    assert!(client.fake.requests().is_empty());
}
