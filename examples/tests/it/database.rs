//! `launch` on a Postgres database, and on what is none.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use spec_core::store::{SpecQuery, SpecStore as _};
use spec_sqlx::PostgresStore;
use spec_test_postgres::TestDatabase;
use tokio::process::Command;

use crate::log::Log;
use crate::program::Program;
use crate::world::{World, entries};

const IDEA: &str = "Add a search history to the program";
const SECRET: &str = "hunter2";

async fn completes(command: Command) {
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
}

/// One whole spec is in the database, and none in a file.
async fn assert_only_in(database: &TestDatabase, world: &World) {
    let log = Log::in_postgres(database.pool(), IDEA).await;
    log.assert_done_once();
    assert!(!has_file(world), "{:?}", entries(&world.data()));
    world.assert_nothing_is_left();
}

fn has_file(world: &World) -> bool {
    world.data().join("spec.db").exists()
}

/// It ends with 1, saying so, without the password and without having made a file.
async fn is_refused(world: &World, command: Command, code: i32, says: &[&str]) {
    let ended = Program::start(command).finish().await;
    assert_eq!(ended.code(), Some(code), "{ended:?}");
    for said in says {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!all.contains(SECRET), "{all}");
    assert!(!all.contains("panicked"), "{all}");
    assert!(!has_file(world));
}

#[tokio::test]
async fn a_spec_is_kept_in_the_database_that_the_argument_names() {
    let (world, database) = (World::new(), spec_test_postgres::database().await);
    let mut command = world.launch(&[IDEA, "--database-url", database.url()]);
    // The argument is what counts.
    command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing");
    completes(command).await;
    assert_only_in(&database, &world).await;
}

#[tokio::test]
async fn a_spec_is_kept_in_the_database_that_the_environment_names() {
    let (world, database) = (World::new(), spec_test_postgres::database().await);
    let mut command = world.launch(&[IDEA]);
    command.env("DATABASE_URL", database.url());
    completes(command).await;
    assert_only_in(&database, &world).await;

    let store = PostgresStore::migrated(database.pool()).await.unwrap();
    let specs = store.list(&SpecQuery::default()).await.unwrap().items;
    assert_eq!(specs.len(), 1, "{specs:?}");
    store.close().await;
}

#[tokio::test]
async fn a_variable_for_another_program_is_ignored() {
    let world = World::new();
    let mut command = world.launch(&[IDEA]);
    command.env("DATABASE_URL", "mysql://me:hunter2@db/specs");
    completes(command).await;
    Log::read(&world.data(), IDEA).await.assert_done_once();
}

#[tokio::test]
async fn a_variable_that_is_nearly_right_is_refused() {
    let world = World::new();
    let mut command = world.launch(&[IDEA]);
    command.env("DATABASE_URL", "postgres://me:hunter2@[db/specs");
    is_refused(&world, command, 1, &["DATABASE_URL", "postgres://USER"]).await;
}

#[tokio::test]
async fn an_argument_that_names_no_postgres_database_is_refused_by_name() {
    let world = World::new();
    for url in [
        "mysql://me:hunter2@db/specs",
        "hunter2",
        "postgres://me:hunter2@[db/specs",
        "postgres://me:hunter2@db:port/specs",
        "postgres://me@db/specs?sslmode=hunter2",
    ] {
        for program in [env!("CARGO_BIN_EXE_serve"), env!("CARGO_BIN_EXE_chaos")] {
            let mut command = world.command(program);
            command.args(["--database-url", url]);
            is_refused(&world, command, 2, &["--database-url", "postgres://"]).await;
        }
        let command = world.launch(&[IDEA, "--database-url", url]);
        is_refused(&world, command, 2, &["--database-url", "postgres://"]).await;
    }
}

#[tokio::test]
async fn a_database_that_nobody_serves_is_told_at_once() {
    let world = World::new();
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("postgres://me:{SECRET}@127.0.0.1:{port}/specs");
    let place = format!("cannot connect to the database specs at 127.0.0.1:{port}");
    let begun = Instant::now();
    let command = world.launch(&[IDEA, "--database-url", &url]);
    is_refused(&world, command, 1, &[&place, "refused"]).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_wrong_password_is_not_repeated() {
    let (world, database) = (World::new(), spec_test_postgres::database().await);
    let (_, place) = database.url().split_once('@').unwrap();
    let url = format!("postgres://nobody-here:{SECRET}@{place}");
    let says = ["cannot connect to the database", "nobody-here"];
    let command = world.launch(&[IDEA, "--database-url", &url]);
    is_refused(&world, command, 1, &says).await;
}
