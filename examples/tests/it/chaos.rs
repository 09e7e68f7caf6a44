//! `chaos`: nothing is lost, repeated or left behind, and it would be told if it were.

use serde_json::Value;
use spec_test_postgres::Cluster;

use crate::program::{Finished, Program};
use crate::world::World;

async fn chaos(database: &str, arguments: &[&str]) -> Finished {
    let mut command = World::new().command(env!("CARGO_BIN_EXE_chaos"));
    command
        .current_dir("/")
        .args(["--json", "--database-url", database])
        .args(arguments);
    Program::start(command).finish().await
}

fn figures(ended: &Finished) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[tokio::test]
async fn runners_that_are_killed_and_a_server_that_crashes_cost_nothing() {
    let cluster = Cluster::start().await;
    let size = ["--runners", "3", "--specs", "20", "--seconds", "8"];
    let ended = chaos(cluster.url(), &[&size[..], &["--lease", "2"]].concat()).await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let figures = figures(&ended);
    for (name, number) in [
        ("specs", 20),
        ("completed", 20),
        ("postgres_crashes", 1),
        ("attempts", 100),
        ("sandboxes_created", 100),
        ("runs_started", 100),
        ("created_twice", 0),
        ("started_twice", 0),
        ("launched_twice", 0),
        ("repeated_attempts", 0),
        ("unaccounted", 0),
        ("sandboxes_left", 0),
        ("broken_histories", 0),
        ("runners_ended", 0),
    ] {
        assert_eq!(figures[name], number, "{name}: {figures:#}");
    }
    assert_eq!(figures["kills"], 8, "{figures:#}");
}

#[tokio::test]
async fn sandboxes_that_are_left_are_found() {
    let database = spec_test_postgres::database().await;
    let size = ["--runners", "1", "--specs", "2", "--seconds", "1"];
    let fault = ["--spare-postgres", "--keep-sandboxes"];
    let ended = chaos(database.url(), &[&size[..], &fault].concat()).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert_eq!(figures(&ended)["sandboxes_left"], 10, "{ended:?}");
    assert!(ended.stderr.contains("10 sandboxes were left"), "{ended:?}");
}

#[tokio::test]
async fn a_server_with_other_users_is_not_crashed() {
    let database = spec_test_postgres::database().await;
    let pool = database.pool();
    let _other = pool.acquire().await.unwrap();
    let ended = chaos(database.url(), &[]).await;
    assert_eq!(ended.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("--spare-postgres"), "{ended:?}");
}

#[tokio::test]
async fn its_help_does_not_tell_the_password_that_the_environment_holds() {
    let world = World::new();
    let mut command = world.command(env!("CARGO_BIN_EXE_chaos"));
    command
        .env("DATABASE_URL", "postgres://me:hunter2@db/specs")
        .arg("--help");
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.contains("DATABASE_URL"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("hunter2"), "{}", ended.stdout);
}
