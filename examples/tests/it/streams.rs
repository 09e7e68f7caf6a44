//! `streams`: every reader is told every event once, and it would be told if it were not so.

use serde_json::Value;

use crate::program::{Finished, Program};
use crate::world::World;

async fn streams(arguments: &[&str]) -> Finished {
    let database = spec_test_postgres::database().await;
    let mut command = World::new().command(env!("CARGO_BIN_EXE_streams"));
    command
        .current_dir("/")
        .args(["--json", "--database-url", database.url()])
        .args(arguments);
    Program::start(command).finish().await
}

#[tokio::test]
async fn a_hundred_readers_are_told_every_event_once_though_some_are_slow() {
    let size = ["--clients", "100", "--specs", "10", "--seconds", "3"];
    let ended = streams(&[&size[..], &["--slow", "10"]].concat()).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let rounds: Value = serde_json::from_str(&ended.stdout).unwrap();
    for (number, slow) in [0, 10].into_iter().enumerate() {
        let figures = &rounds[number];
        assert_eq!(figures["slow"], slow, "{figures:#}");
        for name in ["lost", "repeated", "specs_incomplete"] {
            assert_eq!(figures[name], 0, "{name}: {figures:#}");
        }
        let stored = figures["events_stored"].as_u64().unwrap();
        assert!(stored > 10 * 30, "{figures:#}");
        assert_eq!(figures["events_told"], stored * 10, "{figures:#}");
        assert_eq!(figures["reconnections"], slow, "{figures:#}");
        assert!(figures["latency_ms"]["measured"].as_u64() > Some(0));
        assert!(figures["memory_kib"]["peak"].as_u64() > Some(0));
    }
    assert!(
        rounds[1]["slow_behind"].as_u64() > Some(0),
        "{:#}",
        rounds[1]
    );
}

#[tokio::test]
async fn an_event_that_is_lost_is_found() {
    let size = ["--clients", "2", "--specs", "1", "--seconds", "1"];
    let ended = streams(&[&size[..], &["--slow", "1", "--lose-one"]].concat()).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("1 events were lost"), "{ended:?}");
}
