//! `GET /readyz`

use axum::http::StatusCode;
use serde_json::json;
use spec_core::store::MemoryStore;
use spec_core::testing::{FaultMode, FaultPlan, FaultyStore, RunScript};
use tokio_util::sync::CancellationToken;

use crate::harness::{App, Call, local};

fn app_whose_store(fault: FaultMode) -> App {
    let store = FaultyStore::new(MemoryStore::default(), FaultPlan::nth(1, fault));
    App::over(store, RunScript::hangs(), local())
}

#[tokio::test]
async fn a_server_whose_store_answers_is_ready() {
    let app = App::idle();
    let elsewhere = Call::get("/readyz").header("host", "probe.example.org");
    let answer = app.send(elsewhere).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json, json!({ "status": "ok" }));
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_store_fails_or_hangs_is_not_ready() {
    for fault in [FaultMode::Before, FaultMode::Hangs] {
        let app = app_whose_store(fault);
        let before = tokio::time::Instant::now();
        let answer = app.get("/readyz").await;
        answer.problem(503);
        assert!(!answer.header("retry-after").is_empty(), "{fault:?}");
        assert!(before.elapsed().as_secs() <= 2, "{fault:?}");
        assert_eq!(app.get("/readyz").await.status, StatusCode::OK, "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_stopping_is_not_ready_and_still_well() {
    let shutdown = CancellationToken::new();
    let app = App::with(local().with_shutdown(shutdown.clone()));
    shutdown.cancel();
    app.get("/readyz").await.problem(503);
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
}
