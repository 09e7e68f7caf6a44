//! `GET /specs/{spec_id}/phases/{phase}` and `…/versions`

use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::artifact::{Author, content_hash};
use spec_core::check::Finding;
use spec_core::id::{ArtifactVersion, UserId};
use spec_core::store::{Commit, MemoryStore};
use spec_core::testing::{RunScript, demo, fixture};
use spec_core::{Phase, SpecStore};

use crate::harness::{App, local};

/// A spec that has completed, and its path.
async fn completed() -> (App, String) {
    let app = App::scripted(demo::good_run);
    let id = app.launched().await;
    app.end_of(&id).await;
    (app, format!("/specs/{id}"))
}

async fn ok(app: &App, path: &str) -> Value {
    let answer = app.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json
}

#[tokio::test]
async fn the_result_of_each_phase_is_what_its_agent_has_written() {
    let (app, spec) = completed().await;
    for phase in Phase::ALL {
        let told = ok(&app, &format!("{spec}/phases/{phase}")).await;
        assert_eq!(told["spec_id"], spec.strip_prefix("/specs/").unwrap());
        assert_eq!(told["phase"], phase.as_str());
        assert_eq!(told["status"], "completed");
        let artifact = &told["artifact"];
        assert_eq!(artifact["version"], 1);
        assert_eq!(
            artifact["content_hash"],
            content_hash(&artifact["content"]).to_string()
        );
        assert!(artifact["findings"].is_array() && artifact["created_at"].is_string());
        if phase != Phase::Sync {
            assert_eq!(artifact["author"]["name"], "scripted");
            assert_eq!(artifact["content"], fixture::output_json(phase));
        }
        let ears = told["ears"].as_array().unwrap();
        assert_eq!(ears.is_empty(), phase != Phase::Requirements);
    }
}

#[tokio::test]
async fn requirements_are_taken_apart() {
    let (app, spec) = completed().await;
    let told = ok(&app, &format!("{spec}/phases/requirements?version=1")).await;
    let ears = told["ears"].as_array().unwrap();
    let requirements = &told["artifact"]["content"]["requirements"];
    assert_eq!(ears.len(), requirements.as_array().unwrap().len());
    assert_eq!(
        ears[0],
        json!({
            "requirement_id": "REQ-HIST-FUNC-001",
            "pattern": "event_driven",
            "conditions": [{ "keyword": "when", "text": "a search has finished" }],
            "system": "the program",
            "response": "append its words to the history file."
        })
    );
    assert_eq!(ears[2]["pattern"], "unwanted_behaviour");
    assert_eq!(ears[2]["conditions"][0]["keyword"], "if");
}

#[tokio::test]
async fn a_phase_that_has_produced_nothing_says_so() {
    let app = App::idle();
    let id = app.draft().await;
    for phase in Phase::ALL {
        let told = ok(&app, &format!("/specs/{id}/phases/{phase}")).await;
        let expected = json!({
            "spec_id": id, "phase": phase, "status": "pending", "artifact": null, "ears": []
        });
        assert_eq!(told, expected);
        let versions = ok(&app, &format!("/specs/{id}/phases/{phase}/versions")).await;
        assert_eq!(versions, json!({ "versions": [] }));
    }
}

#[tokio::test]
async fn what_is_no_version_or_no_phase_is_told_by_name() {
    let (app, spec) = completed().await;
    for (path, status, field) in [
        ("phases/design?version=2", 404, "version"),
        ("phases/design?version=4294967295", 404, "version"),
        ("phases/design?version=0", 422, "version"),
        ("phases/design?version=-1", 422, "version"),
        ("phases/design?version=latest", 422, "version"),
        ("phases/design?version=1&version=1", 422, "version"),
        ("phases/design?revision=1", 422, "revision"),
        ("phases/build", 404, "phase"),
        ("phases/Design", 404, "phase"),
        ("phases/%20", 404, "phase"),
        ("phases/build/versions", 404, "phase"),
    ] {
        let answer = app.get(&format!("{spec}/{path}")).await;
        assert_eq!(answer.problem(status), [field], "{path}");
    }
    for path in ["explore", "explore/versions"] {
        let unknown = "/specs/01900000-0000-7000-8000-000000000000/phases";
        app.get(&format!("{unknown}/{path}")).await.problem(404);
    }
}

/// Stores further versions of what a phase has produced, behind the machine's back.
async fn add_versions(store: &MemoryStore, id: &str, phase: Phase, count: u32) {
    for _version in 0..count {
        let id = id.parse().unwrap();
        let stored = store.get(id).await.unwrap().unwrap();
        let mut spec = stored.spec;
        let expected = spec.revision;
        spec.revision = expected.next();
        let mut artifact = store.artifact(id, phase, None).await.unwrap().unwrap();
        artifact.version = artifact.version.next();
        artifact.content["notes"] = json!(format!("version {}", artifact.version));
        artifact.content_hash = content_hash(&artifact.content);
        artifact.author = Author::User {
            id: UserId::new("ada").unwrap(),
        };
        artifact.findings = vec![Finding::warning("text.vague", "/notes", "is vague")];
        let commit = Commit {
            spec,
            expected,
            events: Vec::new(),
            artifacts: vec![artifact],
            checkpoint: None,
            lease: None,
            release: false,
        };
        store.commit(commit).await.unwrap();
    }
}

#[tokio::test]
async fn versions_are_listed_from_new_to_old_and_each_can_be_read() {
    let store = MemoryStore::default();
    let mut app = App::on(store.clone(), demo::spawner(demo::good_run), local());
    app.drive();
    let id = app.launched().await;
    app.end_of(&id).await;
    add_versions(&store, &id, Phase::Design, 60).await;
    let path = format!("/specs/{id}/phases/design");

    let listed = ok(&app, &format!("{path}/versions")).await;
    let versions = listed["versions"].as_array().unwrap();
    let numbers: Vec<_> = versions
        .iter()
        .map(|version| version["version"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (12..=61).rev().collect::<Vec<_>>(), "at most 50");
    assert_eq!(
        versions[0]["author"],
        json!({ "kind": "user", "id": "ada" })
    );
    assert_eq!(versions[0]["findings"], 1);
    assert_eq!(versions[0]["accepted"], false);

    let newest = ok(&app, &path).await;
    assert_eq!(newest["artifact"]["version"], 61);
    assert_eq!(newest["artifact"]["content"]["notes"], "version 61");
    assert_eq!(
        newest["artifact"]["content_hash"],
        versions[0]["content_hash"]
    );
    let first = ok(&app, &format!("{path}?version=1")).await;
    assert_eq!(
        first["artifact"]["content"],
        fixture::output_json(Phase::Design)
    );
    let accepted = store
        .get(id.parse().unwrap())
        .await
        .unwrap()
        .unwrap()
        .spec
        .phases
        .get(Phase::Design)
        .accepted;
    assert_eq!(accepted.map(|it| it.version), Some(ArtifactVersion::new(1)));

    let other = ok(&app, &format!("/specs/{id}/phases/tasks/versions")).await;
    assert_eq!(other["versions"].as_array().unwrap().len(), 1);
    assert_eq!(other["versions"][0]["accepted"], true);
}

#[tokio::test]
async fn a_phase_that_fails_keeps_nothing_and_says_where_it_stands() {
    let app = App::scripted(|run| match run.key.attempt.phase {
        Phase::Design => RunScript::exits(3),
        Phase::Explore | Phase::Requirements | Phase::Tasks | Phase::Sync => demo::good_run(run),
    });
    let id = app.launched().await;
    app.end_of(&id).await;
    let told = ok(&app, &format!("/specs/{id}/phases/design")).await;
    assert_eq!(told["status"], "failed");
    assert_eq!(told["artifact"], Value::Null);
    let told = ok(&app, &format!("/specs/{id}/phases/requirements")).await;
    assert_eq!(told["status"], "completed");
}
