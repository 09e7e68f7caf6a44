//! `GET /specs/{spec_id}/trace` and `GET /specs/{spec_id}/export`

use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::artifact::content_hash;
use spec_core::store::{Commit, MemoryStore};
use spec_core::testing::{RunScript, ScriptedRun, demo, fixture};
use spec_core::{Phase, SpecStore};

use crate::harness::{Answer, App, local};

/// A spec whose runs do what `script` says, when nothing more happens to it.
async fn ended(
    script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static,
    title: &str,
    description: &str,
) -> (App, String) {
    let app = App::scripted(script);
    let policy = json!({ "max_attempts": 1, "max_repairs": 0 });
    let body = json!({ "title": title, "description": description, "policy": policy });
    let launched = app.post("/specs/launch", &body).await;
    assert_eq!(launched.status, StatusCode::CREATED, "{launched:?}");
    let id = launched.json["spec_id"].as_str().unwrap().to_owned();
    app.end_of(&id).await;
    (app, format!("/specs/{id}"))
}

/// Runs that do well before `phase`, which fails.
fn until(phase: Phase) -> impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static {
    move |run| {
        if run.key.attempt.phase == phase {
            RunScript::exits(3)
        } else {
            demo::good_run(run)
        }
    }
}

async fn export(app: &App, spec: &str, format: &str) -> Answer {
    let answer = app.get(&format!("{spec}/export?format={format}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer
}

/// The headings of a level that stand in no block of code.
fn headings(text: &str, mark: &str) -> Vec<String> {
    let mut fence: Option<&str> = None;
    let mut found = Vec::new();
    for line in text.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => found.extend(line.strip_prefix(mark).map(str::to_owned)),
        }
    }
    assert_eq!(fence, None, "a block of code is left open");
    found
}

#[tokio::test]
async fn the_trace_is_there_when_all_four_outputs_are() {
    let (app, spec) = ended(until(Phase::Tasks), "Search history", "idea").await;
    let told = app.get(&format!("{spec}/trace")).await.json;
    let id = spec.strip_prefix("/specs/").unwrap();
    assert_eq!(told, json!({ "spec_id": id, "trace": null }));

    let (app, spec) = ended(until(Phase::Sync), "Search history", "idea").await;
    let told = app.get(&format!("{spec}/trace")).await.json;
    assert_eq!(told["trace"], fixture::output_json(Phase::Sync));

    let (app, spec) = ended(demo::good_run, "Search history", "idea").await;
    let told = app.get(&format!("{spec}/trace")).await.json;
    let sync = app.get(&format!("{spec}/phases/sync")).await.json;
    assert_eq!(told["trace"], sync["artifact"]["content"]);
    let branch = &told["trace"]["repository_commit"]["branch"];
    assert_eq!(branch, "spec/search-history");
}

#[tokio::test]
async fn a_markdown_export_holds_every_part_of_a_completed_spec() {
    let idea = "Remember *my* searches.\n```\n<b>All</b>\n```\n";
    let (app, spec) = ended(demo::good_run, "Search history", idea).await;
    let answer = export(&app, &spec, "markdown").await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"search-history.md\""
    );
    assert_eq!(
        answer.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let text = &answer.text;
    assert_eq!(headings(text, "# "), ["Search history"]);
    assert_eq!(
        headings(text, "## "),
        [
            "Idea",
            "Exploration",
            "Requirements",
            "Design",
            "Tasks",
            "Coverage"
        ]
    );
    assert!(
        text.contains(&format!("````text\n{idea}\n````\n")),
        "{text}"
    );
    for part in [
        "REQ-HIST-FUNC-001",
        "TSK-004",
        "src/main.rs",
        "Status: completed",
    ] {
        assert!(text.contains(part), "{part}");
    }
    // Markdown is what one gets without asking.
    assert_eq!(app.get(&format!("{spec}/export")).await.text, *text);
}

#[tokio::test]
async fn an_export_holds_what_there_is_so_far() {
    let app = App::idle();
    let draft = format!("/specs/{}", app.draft().await);
    let text = export(&app, &draft, "markdown").await.text;
    assert_eq!(headings(&text, "## "), ["Idea"]);
    assert!(text.ends_with("No phase has been completed yet.\n"));
    let json = export(&app, &draft, "json").await.json;
    assert_eq!(json["artifacts"], json!([]));
    assert_eq!(json["trace"], Value::Null);

    let (app, spec) = ended(until(Phase::Design), "Search history", "idea").await;
    let text = export(&app, &spec, "markdown").await.text;
    assert_eq!(
        headings(&text, "## "),
        ["Idea", "Exploration", "Requirements"]
    );
    assert!(text.contains("Status: failed"));
    let json = export(&app, &spec, "json").await.json;
    let phases = json["artifacts"].as_array().unwrap().iter();
    let phases: Vec<_> = phases.map(|artifact| &artifact["phase"]).collect();
    assert_eq!(phases, ["explore", "requirements"]);
}

#[tokio::test]
async fn a_json_export_holds_what_the_other_routes_tell() {
    let (app, spec) = ended(demo::good_run, "Search history", "idea").await;
    let answer = export(&app, &spec, "json").await;
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"search-history.json\""
    );
    assert_eq!(answer.header("content-type"), "application/json");
    let told = answer.json;
    assert_eq!(told["spec"], app.get(&spec).await.json);
    assert_eq!(told["usage"], app.get(&format!("{spec}/usage")).await.json);
    let trace = app.get(&format!("{spec}/trace")).await.json;
    assert_eq!(told["trace"], trace["trace"]);
    for (phase, artifact) in Phase::ALL.iter().zip(told["artifacts"].as_array().unwrap()) {
        let result = app.get(&format!("{spec}/phases/{phase}")).await.json;
        let mut artifact = artifact.clone();
        assert_eq!(artifact["phase"], phase.as_str());
        artifact.as_object_mut().unwrap().remove("phase");
        assert_eq!(artifact, result["artifact"]);
    }
}

#[tokio::test]
async fn a_file_has_a_safe_name_whatever_the_title() {
    let app = App::idle();
    for (title, name) in [
        ("\"; filename=\"evil.exe\" \\", "filename-evil-exe"),
        ("../../etc/passwd", "etc-passwd"),
        ("Größe 🦀 <script>", "groesse-script"),
        ("CON", "spec-con"),
    ] {
        let body = json!({ "title": title, "description": "d", "auto_execute": false });
        let launched = app.post("/specs/launch", &body).await;
        let spec = launched.header("location").to_owned();
        for (format, extension) in [("markdown", "md"), ("json", "json")] {
            let answer = export(&app, &spec, format).await;
            assert_eq!(
                answer.header("content-disposition"),
                format!("attachment; filename=\"{name}.{extension}\""),
                "{title}"
            );
        }
    }
    let body = json!({ "title": "搜索", "description": "d", "auto_execute": false });
    let launched = app.post("/specs/launch", &body).await;
    let answer = export(&app, launched.header("location"), "json").await;
    let name = answer.header("content-disposition").to_owned();
    assert!(name.starts_with("attachment; filename=\"spec-"), "{name}");
}

#[tokio::test]
async fn a_form_that_is_none_is_refused_by_name() {
    let app = App::idle();
    let spec = format!("/specs/{}", app.draft().await);
    for (query, field) in [
        ("format=pdf", "format"),
        ("format=", "format"),
        ("format=json&format=json", "format"),
        ("as=json", "as"),
    ] {
        let answer = app.get(&format!("{spec}/export?{query}")).await;
        assert_eq!(answer.problem(422), [field], "{query}");
    }
    for path in ["export", "trace"] {
        let unknown = "/specs/01900000-0000-7000-8000-000000000000";
        app.get(&format!("{unknown}/{path}")).await.problem(404);
    }
}

/// What breaks Markdown where it is not escaped, and much of it.
const HOSTILE: &str = "\n\n````````\n~~~\n# Owned\n## Owned\n</pre><script>alert(1)</script>\n| a | b |\n\
                       ---\n===\n<!-- \n> - [x](javascript:alert(1)) ![](http://evil.example/pixel)\n";

#[tokio::test]
async fn hostile_and_huge_texts_stay_where_they_were_put() {
    let store = MemoryStore::default();
    let mut app = App::on(store.clone(), demo::spawner(demo::good_run), local());
    app.drive();
    let idea: String = HOSTILE.chars().cycle().take(50_000).collect();
    let title = "# <script>alert(1)</script> ``` | [x](javascript:alert(1))";
    let body = json!({ "title": title, "description": idea });
    let launched = app.post("/specs/launch", &body).await;
    let id = launched.json["spec_id"].as_str().unwrap().parse().unwrap();
    app.end_of(launched.json["spec_id"].as_str().unwrap()).await;

    // Every text of every output, and one of a megabyte.
    let stored = store.get(id).await.unwrap().unwrap();
    let mut commit = Commit {
        expected: stored.spec.revision,
        spec: stored.spec,
        events: Vec::new(),
        artifacts: Vec::new(),
        checkpoint: None,
        lease: None,
        release: false,
    };
    commit.spec.revision = commit.expected.next();
    for mut artifact in store.artifacts(id).await.unwrap() {
        if artifact.phase != Phase::Sync {
            artifact.version = artifact.version.next();
            poison(&mut artifact.content);
            artifact.content["notes"] = HOSTILE.repeat(5_000).into();
            artifact.content_hash = content_hash(&artifact.content);
            commit.artifacts.push(artifact);
        }
    }
    store.commit(commit).await.unwrap();

    let spec = launched.header("location");
    let text = export(&app, spec, "markdown").await.text;
    assert!(text.len() > 2_000_000, "{}", text.len());
    assert!(text.contains(&idea), "the idea is as it was typed");
    assert_eq!(headings(&text, "# ").len(), 1);
    assert_eq!(
        headings(&text, "## "),
        [
            "Idea",
            "Exploration",
            "Requirements",
            "Design",
            "Tasks",
            "Coverage"
        ]
    );
    let outside = text.replace(&idea, "");
    let mut fence: Option<&str> = None;
    for line in outside.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                assert!(!line.contains("<script>"), "{line:.200}");
                let is_anchor = line.starts_with("<a id=\"");
                assert!(
                    is_anchor || !line.trim_start().starts_with('<'),
                    "{line:.200}"
                );
                assert!(!line.contains("](javascript:") || line.contains("\\](javascript:"));
            }
        }
    }
    let json = export(&app, spec, "json").await.json;
    assert_eq!(json["spec"]["description"], idea);
    let notes = &json["artifacts"][0]["content"]["notes"];
    assert_eq!(notes.as_str().unwrap(), HOSTILE.repeat(5_000));
}

/// Adds what is hostile to every text that is no name from a list and no identifier.
fn poison(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(' ') && !text.contains(" & ") => {
            text.push_str(HOSTILE);
        }
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(members) => members.values_mut().for_each(poison),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
