//! Two `serve` on one database and one data folder.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use spec_test_postgres::TestDatabase;
use sqlx::PgPool;

use crate::http::Answer;
use crate::log::Log;
use crate::server::Server;
use crate::world::{PATIENCE, World};

const TITLE: &str = "Search history";
/// For which `serve` keeps the specs of a process that is silent.
const LEASE: Duration = Duration::from_secs(3);

struct Pair {
    world: World,
    database: TestDatabase,
    /// Has launched the spec, and drives it.
    first: Server,
    second: Server,
    spec: String,
}

impl Pair {
    async fn start(slow_ms: u32) -> Self {
        let (world, database) = (World::new(), spec_test_postgres::database().await);
        let url = database.url();
        let first = Server::replica(&world, slow_ms, url, "first").await;
        let spec = first.launch(TITLE).await;
        let pool = database.pool();
        let begun = Instant::now();
        while holder(&pool).await.is_none() {
            assert!(begun.elapsed() < PATIENCE, "nobody drives it");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Later than that, or it might be the one that drives.
        let second = Server::replica(&world, slow_ms, url, "second").await;
        Self {
            world,
            database,
            first,
            second,
            spec,
        }
    }
}

/// What a client has seen of a spec.
struct Follower {
    stream: Answer,
    last: u64,
}

impl Follower {
    async fn of(server: &Server, spec: &str) -> Self {
        Self {
            stream: server.stream(spec, 0).await,
            last: 0,
        }
    }

    /// Follows until an agent is in the middle of that phase.
    async fn until_in(&mut self, phase: &str) {
        loop {
            let event = self.stream.event().await.expect("a stream that goes on");
            self.last += 1;
            assert_eq!(event.id, Some(self.last));
            if event.name == "spec.progress" && event.data["data"]["phase"] == phase {
                return;
            }
        }
    }

    /// Follows to the end of the spec: every event, once.
    async fn follow_to_the_end(mut self) -> u64 {
        loop {
            let event = self.stream.event().await.expect("the end of the spec");
            let Some(id) = event.id else {
                assert_eq!(event.name, "end");
                assert_eq!(event.data["last_event_id"], self.last);
                return self.last;
            };
            self.last += 1;
            assert_eq!(id, self.last);
        }
    }
}

/// Who drives the only spec.
async fn holder(pool: &PgPool) -> Option<uuid::Uuid> {
    let holder = sqlx::query_scalar("SELECT runner FROM spec.specs");
    holder.fetch_one(pool).await.unwrap()
}

/// Waits until somebody else drives it; how long that took.
async fn taken_over(pool: &PgPool, from: uuid::Uuid) -> Duration {
    let begun = Instant::now();
    while holder(pool).await.is_none_or(|holder| holder == from) {
        assert!(begun.elapsed() < PATIENCE, "nobody takes it over");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

async fn assert_done_once(database: &TestDatabase, world: &World, seen: u64) {
    let log = Log::in_postgres(database.pool(), TITLE).await;
    log.assert_done_once();
    assert_eq!(u64::try_from(log.events.len()).unwrap(), seen);
    world.assert_nothing_is_left();
    world.assert_repository_is_untouched();
    assert!(!world.data().join("spec.db").exists());
}

#[tokio::test]
async fn a_spec_that_one_replica_takes_is_followed_through_the_other() {
    let Pair {
        world,
        database,
        first,
        second,
        spec,
    } = Pair::start(20).await;
    let (here, there) = (
        Follower::of(&first, &spec).await,
        Follower::of(&second, &spec).await,
    );
    let (here, there) = tokio::join!(here.follow_to_the_end(), there.follow_to_the_end());
    assert_eq!(here, there);
    second.becomes(&spec, "completed").await;
    tokio::join!(first.stop(), second.stop());
    assert_done_once(&database, &world, there).await;
}

#[tokio::test]
async fn a_replica_that_is_killed_is_replaced_by_the_other() {
    let Pair {
        world,
        database,
        first,
        second,
        spec,
    } = Pair::start(100).await;
    let pool = database.pool();
    let mut follower = Follower::of(&second, &spec).await;
    follower.until_in("requirements").await;
    let killed = holder(&pool).await.expect("somebody drives it");
    first.program.kill(false).await;
    println!("taken over within {:?}", taken_over(&pool, killed).await);
    let seen = follower.follow_to_the_end().await;
    second.becomes(&spec, "completed").await;
    second.stop().await;
    assert_done_once(&database, &world, seen).await;
}

#[tokio::test]
async fn a_replica_that_is_told_to_stop_hands_over_at_once() {
    let Pair {
        world,
        database,
        first,
        second,
        spec,
    } = Pair::start(100).await;
    let pool = database.pool();
    let mut follower = Follower::of(&second, &spec).await;
    follower.until_in("requirements").await;
    let stopped = holder(&pool).await.expect("somebody drives it");
    first.program.signal(Signal::SIGTERM);
    let took = taken_over(&pool, stopped).await;
    println!("handed over within {took:?}");
    assert!(took < LEASE / 2, "{took:?}");
    let ended = first.program.finish().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    let seen = follower.follow_to_the_end().await;
    second.becomes(&spec, "completed").await;
    second.stop().await;
    assert_done_once(&database, &world, seen).await;
}
