//! Nothing is left of a sandbox that has ended.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use spec_tests::daytona::{FakeDaytona, FakeOptions};

use super::client::{Client, eventually, start};

/// Starts what is hard to find: in a session of its own, without an environment, without a parent,
/// and with nothing of the sandbox but its working directory or an open file.
async fn start_hidden(client: &Client, id: &str) -> Vec<i32> {
    let quiet = "</dev/null >/dev/null 2>&1";
    let hidden = [
        format!("env -i setsid sleep 1000 {quiet} &"),
        "cd /; env -i setsid sleep 1000 </dev/null >\"$HOME/open\" 2>&1 &".to_owned(),
        format!("cd /; setsid sleep 1000 {quiet} &"),
    ];
    for command in hidden {
        let command = format!("{command} echo $! >> \"$HOME/pids\"");
        client.execute(id, &command).await;
    }
    client.session(id, "s").await;
    client.exec(id, "s", "echo $$ >> ~/pids; sleep 1000").await;
    let mut pids = Vec::new();
    for _ in 0..1000 {
        let text = client.execute(id, "cat ~/pids").await["result"].to_string();
        pids = text
            .trim_matches('"')
            .split("\\n")
            .filter_map(|pid| pid.parse().ok())
            .collect();
        if pids.len() == 4 {
            break;
        }
    }
    assert_eq!(pids.len(), 4);
    pids
}

fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

async fn home(client: &Client, id: &str) -> String {
    let answer = client.toolbox(id, "GET", "/work-dir", Value::Null).await;
    answer.expect(200)["dir"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nothing_runs_and_nothing_is_left_after_a_deletion() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    let other = client.create(json!({})).await;
    client.session(&other, "s").await;
    let home = home(&client, &id).await;
    let pids = start_hidden(&client, &id).await;
    assert!(pids.iter().all(|pid| runs(*pid)));
    client
        .api("DELETE", &format!("/sandbox/{id}"), Value::Null)
        .await
        .expect(200);
    client.becomes(&id, "gone").await;
    assert!(!pids.iter().any(|pid| runs(*pid)));
    assert!(!Path::new(&home).exists());
    assert!(!client.fake.processes(&other).is_empty());
}

#[tokio::test]
async fn a_fake_that_is_shut_down_leaves_nothing() {
    let (fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    let home = home(&client, &id).await;
    let pids = start_hidden(&client, &id).await;
    let open = client.follow(&id, "s", "nothing");
    drop(open);
    fake.shutdown().await;
    assert!(!pids.iter().any(|pid| runs(*pid)));
    let folder = Path::new(&home).ancestors().nth(2).unwrap();
    assert!(!folder.exists());
    let refused = client.send(client.request("GET", "/api/config")).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_fake_that_is_dropped_leaves_nothing() {
    let fake = FakeDaytona::start(FakeOptions::default()).await.unwrap();
    let client = Client::of(&fake);
    let id = client.create(json!({})).await;
    let home = home(&client, &id).await;
    let pids = start_hidden(&client, &id).await;
    drop(fake);
    assert!(!pids.iter().any(|pid| runs(*pid)));
    assert!(!Path::new(&home).ancestors().nth(2).unwrap().exists());
}

#[test]
fn the_program_ends_when_told_and_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let record = data.path().join("record");
    let mut program = Command::new(env!("CARGO_BIN_EXE_fake-daytona"))
        .args(["--api-key", "k", "--fault", "create-unavailable:1:2"])
        .args(["--record".as_ref(), record.as_os_str()])
        .args(["--data".as_ref(), data.path().as_os_str()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    output.read_line(&mut said).unwrap();
    let url = said.trim().strip_prefix("listening on ").unwrap();
    let address = url
        .strip_prefix("http://")
        .unwrap()
        .strip_suffix("/api")
        .unwrap();
    for status in [200, 503] {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "Authorization: Bearer k\r\nConnection: close\r\nContent-Length: 2";
        write!(
            stream,
            "POST /api/sandbox HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{{}}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 2);
    let pid = i32::try_from(program.id()).unwrap();
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGTERM,
    )
    .unwrap();
    assert!(program.wait().unwrap().success());
    let recorded = fs::read_to_string(record).unwrap();
    assert_eq!(recorded.lines().count(), 2);
    assert!(!recorded.contains("Bearer"));
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_command_without_a_session_answers_both_streams_and_its_code() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({ "env": { "A": "sandbox" } })).await;
    let body = json!({
        "command": "echo $A $B; echo err >&2; pwd; exit 3",
        "envs": { "B": "call" },
        "cwd": "/",
    });
    let answer = client
        .toolbox(&id, "POST", "/process/execute", body)
        .await
        .expect(200);
    assert_eq!(
        answer,
        json!({ "exitCode": 3, "result": "sandbox call\nerr\n/\n" })
    );
    // The command is the input of its shell.
    let eaten = client.execute(&id, "cat\necho after").await;
    assert_eq!(eaten, json!({ "exitCode": 0, "result": "echo after" }));
    let body = json!({ "command": "true", "cwd": "/nowhere" });
    let answer = client
        .toolbox(&id, "POST", "/process/execute", body)
        .await
        .expect(200);
    assert_eq!(answer["exitCode"], -1);
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_with_its_children() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    let body = json!({ "command": "echo lost; sleep 1000 & sleep 1000", "timeout": 1 });
    let answer = client
        .toolbox(&id, "POST", "/process/execute", body)
        .await
        .expect(408);
    assert_eq!(answer["code"], "PROCESS_EXECUTION_TIMEOUT");
    eventually("nothing runs", async || {
        client.fake.processes(&id).is_empty()
    })
    .await;
}
