//! `GET /specs/{spec_id}/usage` and `PUT /specs/{spec_id}/budget`

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::Phase;
use spec_core::testing::{RunScript, ScriptedRun, demo};

use crate::harness::{App, Call, Frames, local};

/// A good run that says who it is, and that it has consumed 100 tokens for 1,000 millionths.
fn run(run: &ScriptedRun) -> RunScript {
    let mut good = demo::good_run(run);
    if run.key.attempt.phase == Phase::Sync {
        return good;
    }
    good.lines.clear();
    let started = json!({ "type": "started", "version": "1.2.3", "model": "m-1" });
    let usage = json!({
        "type": "usage",
        "input_tokens": 50,
        "cached_input_tokens": 20,
        "cache_write_tokens": 10,
        "output_tokens": 20,
        "cost_micro_usd": 1000,
    });
    good.with_line(started.to_string())
        .with_line(usage.to_string())
}

fn counted(runs: u64) -> Value {
    json!({
        "input_tokens": 50 * runs,
        "cached_input_tokens": 20 * runs,
        "cache_write_tokens": 10 * runs,
        "output_tokens": 20 * runs,
        "cost_micro_usd": 1000 * runs,
        "unpriced_tokens": 0,
    })
}

async fn launched(app: &App, policy: Value) -> String {
    let body = json!({ "title": "t", "description": "d", "policy": policy });
    let answer = app.post("/specs/launch", &body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    format!("/specs/{}", answer.json["spec_id"].as_str().unwrap())
}

async fn detail(app: &App, spec: &str) -> Value {
    app.get(spec).await.json
}

async fn usage(app: &App, spec: &str) -> Value {
    let answer = app.get(&format!("{spec}/usage")).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json
}

async fn end_of(app: &App, spec: &str) -> Value {
    app.end_of(spec.strip_prefix("/specs/").unwrap()).await;
    detail(app, spec).await
}

/// A spec that has failed: two phases of 100 tokens were allowed, and no more.
async fn over_budget() -> (App, String) {
    let app = App::scripted(run);
    let spec = launched(&app, json!({ "budget": { "tokens": 200 } })).await;
    let ended = end_of(&app, &spec).await;
    assert_eq!(ended["status"], "failed", "{ended}");
    (app, spec)
}

#[tokio::test]
async fn what_was_consumed_is_told_by_phase_attempt_and_agent() {
    let app = App::scripted(run);
    let policy =
        json!({ "budget": { "tokens": 5000 }, "phase_budget": { "cost_micro_usd": 9000 } });
    let spec = launched(&app, policy).await;
    assert_eq!(end_of(&app, &spec).await["status"], "completed");

    let told = usage(&app, &spec).await;
    assert_eq!(told["spec_id"], spec.strip_prefix("/specs/").unwrap());
    assert_eq!(told["total"], counted(4));
    assert_eq!(
        told["budget"],
        json!({ "tokens": 5000, "cost_micro_usd": null })
    );
    assert_eq!(
        told["phase_budget"],
        json!({ "tokens": null, "cost_micro_usd": 9000 })
    );
    assert_eq!(
        told["agents"],
        json!([{ "agent": "scripted", "usage": counted(4) }])
    );
    let phases = told["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 5);
    for (phase, told) in ["explore", "requirements", "design", "tasks"]
        .iter()
        .zip(phases)
    {
        let attempt = json!({
            "attempt": 1,
            "agent": "scripted",
            "agent_version": "1.2.3",
            "model": "m-1",
            "usage": counted(1),
        });
        let expected = json!({ "phase": phase, "usage": counted(1), "attempts": [attempt] });
        assert_eq!(*told, expected);
    }
    assert_eq!(phases[4]["phase"], "sync");
    assert_eq!(phases[4]["usage"], counted(0));
}

#[tokio::test]
async fn the_detail_tells_usage_version_and_model() {
    let app = App::scripted(run);
    let spec = launched(&app, json!({})).await;
    let ended = end_of(&app, &spec).await;
    assert_eq!(ended["usage"], counted(4));
    let explore = &ended["phases"][0];
    assert_eq!(explore["usage"], counted(1));
    let attempt = &explore["attempts"][0];
    assert_eq!(attempt["usage"], counted(1));
    assert_eq!(attempt["agent_version"], "1.2.3");
    assert_eq!(attempt["model"], "m-1");
    assert_eq!(ended["phases"][4]["attempts"][0]["model"], Value::Null);
}

#[tokio::test]
async fn tokens_without_a_price_are_told_apart() {
    let app = App::scripted(|run| {
        let usage = json!({ "type": "usage", "output_tokens": 7 });
        demo::good_run(run).with_line(usage.to_string())
    });
    let spec = launched(&app, json!({})).await;
    end_of(&app, &spec).await;
    let explore = &usage(&app, &spec).await["phases"][0]["usage"];
    // The good run of the demo has told of 100 and 10 before: each count grows.
    assert_eq!(explore["input_tokens"], 100);
    assert_eq!(explore["output_tokens"], 10);
    assert_eq!(explore["cost_micro_usd"], 0);
    assert_eq!(explore["unpriced_tokens"], 110);
}

#[tokio::test]
async fn a_run_that_is_under_way_is_counted() {
    let app = App::scripted(|r| run(r).waiting());
    let spec = launched(&app, json!({})).await;
    let begun = Instant::now();
    let told = loop {
        let told = usage(&app, &spec).await;
        if told["total"] == counted(1) {
            break told;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{told}");
        tokio::task::yield_now().await;
    };
    assert_eq!(told["phases"][0]["attempts"][0]["usage"], counted(1));
    assert_eq!(detail(&app, &spec).await["status"], "executing");
}

#[tokio::test]
async fn a_spec_without_a_run_has_consumed_nothing() {
    let app = App::idle();
    let id = app.draft().await;
    let told = usage(&app, &format!("/specs/{id}")).await;
    let unlimited = json!({ "tokens": null, "cost_micro_usd": null });
    assert_eq!(
        told,
        json!({
            "spec_id": id,
            "total": counted(0),
            "budget": unlimited,
            "phase_budget": unlimited,
            "phases": [],
            "agents": [],
        })
    );
}

#[tokio::test]
async fn a_spec_that_is_over_budget_fails_and_says_so() {
    let (app, spec) = over_budget().await;
    let told = detail(&app, &spec).await;
    assert_eq!(told["failure"]["kind"], "budget_exceeded", "{told}");
    assert_eq!(told["failure"]["phase"], "design");
    let message = told["failure"]["message"].as_str().unwrap();
    assert!(message.contains("200 tokens of 200 are used"), "{message}");
    assert_eq!(told["policy"]["budget"]["tokens"], 200);
}

#[tokio::test]
async fn a_budget_that_is_used_up_already_is_402_and_changes_nothing() {
    let (app, spec) = over_budget().await;
    let before = detail(&app, &spec).await;
    for tokens in [1, 150, 200] {
        let body = json!({ "budget": { "tokens": tokens } });
        let answer = app.put(&format!("{spec}/budget"), &body).await;
        assert_eq!(answer.problem(402), Vec::<&str>::new());
        assert_eq!(answer.json["title"], "Payment Required");
        let told = answer.json["detail"].as_str().unwrap();
        let says = format!("200 tokens of {tokens} are used");
        assert!(told.contains(&says), "{told}");
    }
    assert_eq!(detail(&app, &spec).await, before);
}

#[tokio::test]
async fn a_spec_goes_on_with_a_larger_budget_and_completes() {
    let (app, spec) = over_budget().await;
    let body = json!({ "budget": { "tokens": 1000 } });
    let answer = app.put(&format!("{spec}/budget"), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(!answer.header("etag").is_empty());
    assert_eq!(answer.json["policy"]["budget"]["tokens"], 1000);
    assert_eq!(answer.json["status"], "executing");
    assert_eq!(answer.json["failure"], Value::Null);

    let begun = Instant::now();
    let ended = loop {
        let told = detail(&app, &spec).await;
        if told["status"] != "executing" {
            break told;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{told}");
        tokio::task::yield_now().await;
    };
    assert_eq!(ended["status"], "completed", "{ended}");
    assert_eq!(usage(&app, &spec).await["total"], counted(4));
    assert!(app.spawner.live().is_empty());
}

#[tokio::test]
async fn a_limit_that_is_left_out_stays_as_it_is() {
    let app = App::idle();
    let id = app.draft().await;
    let path = format!("/specs/{id}/budget");
    let of = async |body: Value| {
        let answer = app.put(&path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let policy = &answer.json["policy"];
        let limits = |name: &str| {
            let budget = &policy[name];
            (budget["tokens"].as_u64(), budget["cost_micro_usd"].as_u64())
        };
        (limits("budget"), limits("phase_budget"))
    };
    let both =
        json!({ "budget": { "tokens": 9, "cost_micro_usd": 8 }, "phase_budget": { "tokens": 7 } });
    assert_eq!(of(both).await, ((Some(9), Some(8)), (Some(7), None)));
    let of_spec = json!({ "budget": { "tokens": 6 } });
    assert_eq!(of(of_spec).await, ((Some(6), None), (Some(7), None)));
    let of_phase = json!({ "budget": null, "phase_budget": {} });
    assert_eq!(of(of_phase).await, ((Some(6), None), (None, None)));
}

#[tokio::test]
async fn a_budget_that_cannot_be_used_is_refused_by_name() {
    let app = App::idle();
    let path = format!("/specs/{}/budget", app.draft().await);
    for (body, field) in [
        (json!({}), "body"),
        (json!({ "budget": null }), "body"),
        (json!([]), "body"),
        (json!({ "limit": 1 }), "limit"),
        (json!({ "budget": { "euros": 1 } }), "budget.euros"),
        (json!({ "budget": { "tokens": -1 } }), "budget.tokens"),
        (json!({ "budget": { "tokens": 1.5 } }), "budget.tokens"),
        (json!({ "budget": { "tokens": 0 } }), "budget"),
        (
            json!({ "phase_budget": { "cost_micro_usd": 0 } }),
            "phase_budget",
        ),
    ] {
        let answer = app.put(&path, &body).await;
        assert_eq!(answer.problem(422), [field], "{body}");
    }
    let text = Call::new(axum::http::Method::PUT, &path).body("{}");
    app.send(text).await.problem(415);
}

#[tokio::test]
async fn the_budget_of_a_spec_that_has_completed_cannot_be_changed() {
    let app = App::scripted(run);
    let spec = launched(&app, json!({})).await;
    assert_eq!(end_of(&app, &spec).await["status"], "completed");
    let body = json!({ "budget": { "tokens": 1000 } });
    let answer = app.put(&format!("{spec}/budget"), &body).await;
    answer.problem(409);
    assert_eq!(
        answer.json["detail"],
        "cannot change the budget of a spec that is completed"
    );
}

#[tokio::test]
async fn usage_and_budget_of_what_is_no_spec_are_not_found() {
    let app = App::idle();
    for id in ["01900000-0000-7000-8000-000000000000", "x"] {
        app.get(&format!("/specs/{id}/usage")).await.problem(404);
        let body = json!({ "budget": { "tokens": 1 } });
        app.put(&format!("/specs/{id}/budget"), &body)
            .await
            .problem(404);
    }
}

#[tokio::test]
async fn a_launch_takes_what_it_leaves_out_from_the_policy_of_the_host() {
    let policy = serde_json::from_value(json!({
        "max_attempts": 2,
        "budget": { "tokens": 700, "cost_micro_usd": 50 },
    }));
    let app = App::with(local().with_default_policy(policy.unwrap()));
    let policy_of = async |asked: Value| {
        let mut body = json!({ "title": "t", "description": "d", "auto_execute": false });
        body["policy"] = asked;
        let answer = app.post("/specs/launch", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        detail(&app, answer.header("location")).await["policy"].clone()
    };
    for none in [Value::Null, json!({})] {
        let policy = policy_of(none).await;
        assert_eq!(policy["max_attempts"], 2);
        assert_eq!(policy["max_repairs"], 2, "the machine's own");
        assert_eq!(
            policy["budget"],
            json!({ "tokens": 700, "cost_micro_usd": 50 })
        );
    }
    let asked = json!({ "max_repairs": 1, "budget": { "tokens": 9, "cost_micro_usd": null } });
    let policy = policy_of(asked).await;
    assert_eq!(policy["max_attempts"], 2);
    assert_eq!(policy["max_repairs"], 1);
    assert_eq!(
        policy["budget"],
        json!({ "tokens": 9, "cost_micro_usd": null })
    );
}

#[tokio::test]
async fn a_stream_from_the_beginning_goes_past_an_end_that_was_taken_back() {
    let (app, spec) = over_budget().await;
    let body = json!({ "budget": { "tokens": 1000 } });
    let answer = app.put(&format!("{spec}/budget"), &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    for after in [0, 3] {
        let call =
            Call::get(&format!("{spec}/events/stream")).header("last-event-id", after.to_string());
        let frames = Frames::of(app.open(call).await).rest().await;
        let names: Vec<&str> = frames
            .iter()
            .flat_map(|frame| frame.lines())
            .filter_map(|line| line.strip_prefix("event: "))
            .collect();
        let at = |name| names.iter().position(|n| *n == name);
        let failed = at("spec.execution_failed").expect("the end that was taken back");
        assert!(at("spec.execution_resumed") > Some(failed), "{names:?}");
        assert_eq!(
            names[names.len() - 2..],
            ["spec.execution_completed", "end"],
            "{names:?}"
        );
    }
}
