//! Two `serve` on different hosts, with one database and one Daytona account between them.

use serde_json::Value;
use spec_test_postgres::TestDatabase;
use spec_tests::daytona::FakeDaytona;

use crate::daytona::{assert_all_gone, daytona, spawn_at};
use crate::log::Log;
use crate::server::Server;
use crate::world::World;

const TITLE: &str = "Search history";

/// A replica with a home of its own, on the repository of `world`.
async fn replica(
    home: &World,
    world: &World,
    database: &str,
    name: &str,
    fake: &FakeDaytona,
) -> Server {
    let mut command = home.command(env!("CARGO_BIN_EXE_serve"));
    command
        .args(["--listen", "127.0.0.1:0"])
        .args(["--data".into(), home.data()])
        .args(["--out".into(), home.out()])
        .arg("--project")
        .arg(format!("demo={}", world.repository().display()))
        .args(["--database-url", database])
        .args(["--replica", name])
        .args(["--slow-ms", "100"]);
    spawn_at(&mut command, fake);
    Server::begin(command).await
}

/// The same database by another name, as another host may have it.
fn otherwise(database: &TestDatabase) -> String {
    database.url().replace("127.0.0.1", "localhost")
}

#[tokio::test]
async fn a_replica_on_another_host_goes_on_in_the_same_sandbox() {
    let (here, there) = (World::new(), World::new());
    let (database, fake) = (spec_test_postgres::database().await, daytona().await);
    let first = replica(&here, &here, database.url(), "first", &fake).await;
    let spec = first.launch(TITLE).await;
    let second = replica(&there, &here, &otherwise(&database), "second", &fake).await;

    let mut stream = second.stream(&spec, 0).await;
    let mut first = Some(first);
    let mut last = 0;
    while let Some(event) = stream.event().await {
        let Some(id) = event.id else { break };
        last += 1;
        assert_eq!(id, last, "skipped or repeated");
        let busy = event.name == "spec.progress" && event.data["data"]["phase"] == "requirements";
        if busy && let Some(first) = first.take() {
            first.program.kill(false).await;
        }
    }
    assert!(first.is_none(), "never in the middle");
    second.becomes(&spec, "completed").await;
    second.stop().await;
    let log = Log::in_postgres(database.pool(), TITLE).await;
    log.assert_done_once();
    assert_eq!(u64::try_from(log.events.len()).unwrap(), last);
    assert_all_gone(&fake, 5);

    let all = fake.sandboxes();
    let mut environments: Vec<_> = all.iter().map(|one| &one.labels["spec.env"]).collect();
    environments.dedup();
    assert_eq!(environments.len(), 1, "{environments:?}");
    for home in [&here, &there] {
        assert!(!home.data().exists(), "nothing is kept on a host");
    }
}

#[tokio::test]
async fn sandboxes_carry_the_environment_and_come_from_the_snapshot_that_are_named() {
    let (world, fake) = (World::new(), daytona().await);
    let mut command = Server::command(&world, 0);
    spawn_at(&mut command, &fake);
    command
        .args(["--environment", "production"])
        .args(["--daytona-snapshot", "spec-agents-1"])
        .env("DAYTONA_TARGET", "eu");
    let server = Server::begin(command).await;
    let spec = server.launch(TITLE).await;
    server.becomes(&spec, "completed").await;
    server.stop().await;
    assert_all_gone(&fake, 5);
    let requests = fake.requests();
    let made = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path == "/api/sandbox");
    let mut times = 0;
    for request in made {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(asked["labels"]["spec.env"], "production", "{asked}");
        assert_eq!(asked["snapshot"], "spec-agents-1", "{asked}");
        assert_eq!(asked["target"], "eu", "{asked}");
        times += 1;
    }
    assert_eq!(times, 5);
}
