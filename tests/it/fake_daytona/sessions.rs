//! Sessions and their traps.

use serde_json::{Value, json};
use spec_tests::daytona::FakeOptions;

use super::client::{Client, eventually, start};

#[tokio::test]
async fn a_child_of_the_shell_exits_with_its_code() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    for (command, code) in [
        ("(exit 3)", 3),
        ("bash -c 'exit 7'", 7),
        ("cd /", 0),
        ("false", 1),
    ] {
        let command = client.exec(&id, "s", command).await;
        assert_eq!(client.exits(&id, "s", &command).await, code);
    }
    // The shell is the same for all of them.
    let command = client.exec(&id, "s", "pwd").await;
    assert_eq!(client.exits(&id, "s", &command).await, 0);
    assert_eq!(client.log(&id, "s", &command).await, b"\x01\x01\x01/\n");
    let body = json!({ "sessionId": "s" });
    client
        .toolbox(&id, "POST", "/process/session", body)
        .await
        .expect(409);
}

#[tokio::test]
async fn a_command_that_ends_the_shell_never_has_an_exit_code() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    let wait = "until [ -e go ]; do sleep 0.01; done";
    let mut sent = Vec::new();
    for (number, command) in ["exit 3", "set -e; false", "exec true"].iter().enumerate() {
        let session = format!("s{number}");
        client.session(&id, &session).await;
        let lost = client
            .exec(&id, &session, &format!("{wait}; {command}"))
            .await;
        let vanished = client.exec(&id, &session, "echo later > later").await;
        sent.push((session, lost, vanished));
    }
    client.execute(&id, "touch go").await;
    for (session, lost, vanished) in sent {
        eventually("the shell ends", async || {
            let body = json!({ "command": "true", "runAsync": true });
            let path = format!("/process/session/{session}/exec");
            client.toolbox(&id, "POST", &path, body).await.status == 400
        })
        .await;
        assert_eq!(client.exit_code(&id, &session, &lost).await, None);
        assert_eq!(client.exit_code(&id, &session, &vanished).await, None);
    }
    let later = client
        .toolbox(&id, "GET", "/files/info?path=later", Value::Null)
        .await;
    assert_eq!(later.expect(404)["code"], "FILE_NOT_FOUND");
}

#[tokio::test]
async fn commands_of_one_session_run_one_after_the_other() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let first = client
        .exec(&id, "s", "until [ -e go ]; do sleep 0.01; done")
        .await;
    let second = client.exec(&id, "s", "echo second > second").await;
    client.session(&id, "other").await;
    let other = client
        .exec(&id, "other", "[ ! -e second ] && touch go")
        .await;
    assert_eq!(client.exits(&id, "other", &other).await, 0);
    assert_eq!(client.exits(&id, "s", &first).await, 0);
    assert_eq!(client.exits(&id, "s", &second).await, 0);
}

#[tokio::test]
async fn a_background_child_that_keeps_stdout_withholds_the_exit_code() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let wait = "until [ -e go ]; do sleep 0.01; done";
    let held = client
        .exec(&id, "s", &format!("({wait}) & touch begun"))
        .await;
    eventually("it began", async || {
        let path = "/files/info?path=begun";
        client.toolbox(&id, "GET", path, Value::Null).await.status == 200
    })
    .await;
    assert_eq!(client.exit_code(&id, "s", &held).await, None);
    client.execute(&id, "touch go").await;
    assert_eq!(client.exits(&id, "s", &held).await, 0);
    let free = format!("(sleep 1000) >/dev/null 2>&1 & {wait}");
    let free = client.exec(&id, "s", &free).await;
    assert_eq!(client.exits(&id, "s", &free).await, 0);
}

#[tokio::test]
async fn a_log_is_made_of_lines_without_nuls() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let wait = "until [ -e go ]; do sleep 0.01; done";
    let command = format!("printf 'a\\0b'; touch begun; {wait}; echo c >&2");
    let command = client.exec(&id, "s", &command).await;
    eventually("it began", async || {
        let path = "/files/info?path=begun";
        client.toolbox(&id, "GET", path, Value::Null).await.status == 200
    })
    .await;
    assert_eq!(client.log(&id, "s", &command).await, b"");
    client.execute(&id, "touch go").await;
    client.exits(&id, "s", &command).await;
    let log = client.log(&id, "s", &command).await;
    let either = [
        b"\x01\x01\x01ab\n\x02\x02\x02c\n",
        b"\x02\x02\x02c\n\x01\x01\x01ab\n",
    ];
    assert!(either.iter().any(|each| log == *each), "{log:?}");
}

#[tokio::test]
async fn the_shape_of_a_log_goes_by_the_version_of_the_client() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let command = client
        .exec(&id, "s", "echo out; sleep 0.1; echo err >&2")
        .await;
    client.exits(&id, "s", &command).await;
    let path = format!("/toolbox/{id}/process/session/s/command/{command}/logs");
    let plain = client.send(client.request("GET", &path)).await.unwrap();
    assert_eq!(plain.text(), "out\nerr\n");
    let new = client
        .request("GET", &path)
        .header("X-Daytona-SDK-Version", "0.205.1");
    let new = client.send(new).await.unwrap().expect(200);
    assert_eq!(new["stdout"], "out\n");
    assert_eq!(new["stderr"], "err\n");
    assert_eq!(new["output"], "\u{1}\u{1}\u{1}out\n\u{2}\u{2}\u{2}err\n");
    let old = client.log(&id, "s", &command).await;
    assert_eq!(old, b"\x01\x01\x01out\n\x02\x02\x02err\n");
}

#[tokio::test]
async fn a_command_that_is_waited_for_answers_both_streams() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    // Its input is at an end.
    let body = json!({ "command": "cat; echo out; (exit 4)" });
    let answer = client
        .toolbox(&id, "POST", "/process/session/s/exec", body)
        .await;
    let answer = answer.expect(200);
    assert_eq!(answer["exitCode"], 4);
    assert_eq!(answer["stdout"], "out\n");
    assert_eq!(answer["stderr"], "");
    assert_eq!(client.fake.command_texts(), ["cat; echo out; (exit 4)"]);
}

async fn follow_to_the_end(client: &Client, id: &str, command: &str) -> (Vec<u8>, usize) {
    let (frames, code) = client.follow(id, "s", command).await.rest().await;
    assert_eq!(code, 1000);
    let longest = frames.iter().map(Vec::len).max().unwrap_or_default();
    (frames.concat(), longest)
}

#[tokio::test]
async fn a_followed_log_is_cut_anywhere_and_begins_at_the_first_byte_each_time() {
    for most in (1..=7).chain([1024]) {
        let (_fake, client) = start(FakeOptions {
            frame_bytes: most,
            ..FakeOptions::default()
        })
        .await;
        let id = client.create(json!({})).await;
        client.session(&id, "s").await;
        let command = client.exec(&id, "s", "echo one; sleep 0.1; echo two").await;
        let expected = b"\x01\x01\x01one\n\x01\x01\x01two\n";
        for _ in 0..2 {
            let (log, longest) = follow_to_the_end(&client, &id, &command).await;
            assert_eq!(log, expected);
            assert_eq!(longest, most.min(longest));
        }
        let (_, longest) = follow_to_the_end(&client, &id, &command).await;
        assert_eq!(longest, most.min(expected.len()));
    }
}

#[tokio::test]
async fn input_reaches_a_command_and_is_echoed() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let command = client.exec(&id, "s", "read line; echo \"got $line\"").await;
    let path = format!("/process/session/s/command/{command}/input");
    let body = json!({ "data": "yes" });
    client
        .toolbox(&id, "POST", &path, body.clone())
        .await
        .expect(204);
    assert_eq!(client.exits(&id, "s", &command).await, 0);
    let log = String::from_utf8(client.log(&id, "s", &command).await).unwrap();
    assert!(log.contains("\u{1}\u{1}\u{1}yes\n") && log.contains("\u{1}\u{1}\u{1}got yes\n"));
    let late = client.toolbox(&id, "POST", &path, body).await.expect(410);
    assert_eq!(late["code"], "COMMAND_ALREADY_COMPLETED");
}

#[tokio::test]
async fn a_deleted_session_takes_its_processes_and_logs_along() {
    let (_fake, client) = start(FakeOptions {
        session_grace: std::time::Duration::from_millis(100),
        ..FakeOptions::default()
    })
    .await;
    let id = client.create(json!({})).await;
    client.session(&id, "s").await;
    let command = client
        .exec(&id, "s", "echo hi; bash -c \"trap '' TERM; sleep 1000\"")
        .await;
    let mut follow = client.follow(&id, "s", &command).await;
    assert_eq!(follow.next().await, Ok(b"\x01\x01\x01hi\n".to_vec()));
    client
        .toolbox(&id, "DELETE", "/process/session/s", Value::Null)
        .await
        .expect(204);
    assert_eq!(follow.next().await, Err(1000));
    assert_eq!(client.fake.processes(&id), Vec::<i32>::new());
    let path = format!("/process/session/s/command/{command}");
    client
        .toolbox(&id, "GET", &path, Value::Null)
        .await
        .expect(404);
    let all = client
        .toolbox(&id, "GET", "/process/session", Value::Null)
        .await;
    assert_eq!(all.expect(200), json!([]));
}
