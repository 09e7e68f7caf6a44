//! `serve` over its wire.

use serde_json::{Value, json};

use crate::http::{get, post};
use crate::log::Log;
use crate::program::Program;
use crate::server::{LAUNCH, Server};
use crate::world::World;

#[tokio::test]
async fn a_spec_is_followed_across_a_cut_and_completes() {
    let world = World::new();
    let server = Server::start(&world, 20).await;
    let spec = server.launch("Search history").await;
    let mut sequences = Vec::new();
    let mut names = Vec::new();
    let mut last = 0;
    // Each time cut off after a few events, until the stream says that it is over.
    'all: loop {
        let mut stream = server.stream(&spec, last).await;
        for _ in 0..7 {
            let event = stream
                .event()
                .await
                .expect("an end before the stream's end");
            names.push(event.name.clone());
            let Some(id) = event.id else {
                assert_eq!(event.name, "end");
                assert_eq!(event.data["last_event_id"], last);
                break 'all;
            };
            assert_eq!(event.data["sequence"], id);
            assert_eq!(event.data["type"], event.name);
            sequences.push(id);
            last = id;
        }
    }
    let dense: Vec<u64> = (1..=last).collect();
    assert_eq!(sequences, dense);
    let finished = |name: &&String| *name == "spec.phase_completed";
    assert_eq!(names.iter().filter(finished).count(), 5);

    let detail = get(server.address, &spec).await;
    assert_eq!(detail["status"], "completed");
    assert_eq!(detail["progress"]["percent"], 100);
    assert_eq!(detail["phases"].as_array().unwrap().len(), 5);
    server.stop().await;
    Log::read(&world.data(), "Search history")
        .await
        .assert_done_once();
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
}

#[tokio::test]
async fn quick_tasks_are_appended_to_the_file_that_was_named_and_to_no_other() {
    let world = World::new();
    let file = world.data().with_extension("tasks.jsonl");
    let mut command = Server::command(&world, 0);
    command.arg("--quick-tasks").arg(&file);
    let server = Server::begin(command).await;
    let capabilities = get(server.address, "/api/v1/capabilities").await;
    assert_eq!(capabilities["quick_tasks"], true);
    let description = "First line\n\"second\"";
    for project in [Value::Null, json!("demo")] {
        let body = json!({ "title": "Rename", "description": description, "project_id": project });
        let answer = post(server.address, "/api/v1/quick-tasks", &body).await;
        assert_eq!(answer.status, 201);
        let told = answer.json().await;
        assert_eq!(told["url"], Value::Null);
        let lines = std::fs::read_to_string(&file).unwrap();
        let line: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        assert_eq!(line["task_id"], told["task_id"]);
        assert_eq!(line["by"], "local");
        assert_eq!(line["project_id"], project);
        assert_eq!(line["title"], "Rename");
        assert_eq!(line["description"], description);
    }
    server.stop().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);

    let server = Server::start(&world, 0).await;
    let capabilities = get(server.address, "/api/v1/capabilities").await;
    assert_eq!(capabilities["quick_tasks"], false);
    let body = json!({ "title": "Rename", "description": "It" });
    let answer = post(server.address, "/api/v1/quick-tasks", &body).await;
    assert_eq!(answer.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_spec_is_cancelled_in_its_middle() {
    let world = World::new();
    let server = Server::start(&world, 200).await;
    let spec = server.launch("Search history").await;
    let cancelled = post(
        server.address,
        &format!("{spec}/cancel"),
        &json!({"reason": "enough"}),
    )
    .await;
    assert_eq!(cancelled.status, 200);
    server.becomes(&spec, "cancelled").await;
    world.assert_nothing_is_left();
    let again = post(server.address, &format!("{spec}/cancel"), &json!({})).await;
    assert_eq!(again.status, 409);
    server.stop().await;
}

#[tokio::test]
async fn a_body_with_unknown_fields_or_wrong_types_is_refused_by_name() {
    let world = World::new();
    let server = Server::start(&world, 0).await;
    let good = json!({ "title": "t", "description": "d" });
    for (field, value) in [
        ("colour", json!("red")),
        ("title", json!(7)),
        ("auto_execute", json!("yes")),
        ("policy.max_attempts", json!("many")),
        ("policy.max_attempts", json!(0)),
        ("policy.shape", json!(1)),
    ] {
        let mut body = good.clone();
        match field.split_once('.') {
            Some((outer, inner)) => body[outer] = json!({ inner: value }),
            None => body[field] = value,
        }
        let answer = post(server.address, LAUNCH, &body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json().await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let specs = get(server.address, "/api/v1/specs").await;
    assert_eq!(specs["specs"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn a_spec_in_its_middle_outlives_the_server() {
    let world = World::new();
    let server = Server::start(&world, 100).await;
    let spec = server.launch("Search history").await;
    // A client that stays does not keep the server.
    let mut stream = server.stream(&spec, 0).await;
    let mut stopping = Some(server);
    let mut last = 0;
    while let Some(event) = stream.event().await {
        last = event.id.expect("the spec is not over");
        let drafting =
            event.name == "spec.progress" && event.data["data"]["phase"] == "requirements";
        if drafting && let Some(server) = stopping.take() {
            server.stop().await;
        }
    }
    assert!(stopping.is_none(), "cut off before it was asked to stop");
    assert!(!world.processes().is_empty(), "its agent goes on");

    let server = Server::start(&world, 0).await;
    let mut stream = server.stream(&spec, last).await;
    loop {
        let event = stream.event().await.expect("the end of the spec");
        match event.id {
            Some(id) => assert_eq!(id, last + 1),
            None => break,
        }
        last += 1;
    }
    let detail = server.becomes(&spec, "completed").await;
    assert_eq!(detail["phases"][1]["attempts"].as_array().unwrap().len(), 1);
    server.stop().await;
    Log::read(&world.data(), "Search history")
        .await
        .assert_done_once();
    world.assert_nothing_is_left();
}

#[tokio::test]
async fn a_server_for_everybody_is_refused() {
    let world = World::new();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let mut command = world.command(env!("CARGO_BIN_EXE_serve"));
        command
            .args(["--listen", address])
            .args(["--data".into(), world.data()]);
        let ended = Program::start(command).finish().await;
        assert_eq!(ended.code(), Some(1), "{ended:?}");
        assert!(
            ended.stderr.contains("is not a loopback address"),
            "{ended:?}"
        );
        assert!(!world.data().exists());
    }
}

#[tokio::test]
async fn curl_launches_and_follows_a_spec() {
    let world = World::new();
    let server = Server::start(&world, 0).await;
    let base = format!("http://{}", server.address);
    let curl = async |arguments: &[&str]| {
        let mut command = world.command("curl");
        command.args([
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--max-time",
            "50",
        ]);
        command.args(arguments);
        Program::start(command).finish().await
    };
    let found = std::process::Command::new("curl").arg("--version").output();
    if found.is_err() {
        println!("NOT RUN: there is no curl here");
        return server.stop().await;
    }
    let body = r#"{"title": "Search history", "description": "Add a search history"}"#;
    let launched = curl(&["--json", body, &format!("{base}{LAUNCH}")]).await;
    assert_eq!(launched.code(), Some(0), "{launched:?}");
    let told: Value = serde_json::from_str(&launched.stdout).unwrap();
    let spec = format!("{base}/api/v1/specs/{}", told["spec_id"].as_str().unwrap());
    let followed = curl(&["--no-buffer", &format!("{spec}/events/stream")]).await;
    assert_eq!(followed.code(), Some(0), "{followed:?}");
    assert!(followed.stdout.contains("event: spec.execution_completed"));
    assert!(
        followed
            .stdout
            .trim_end()
            .lines()
            .any(|line| line == "event: end")
    );
    server.stop().await;
}
