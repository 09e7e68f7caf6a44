//! `serve` while its database is away.

use std::time::{Duration, Instant};

use serde_json::json;
use spec_test_postgres::Cluster;
use sqlx::PgPool;

use crate::http::{Answer, get, post};
use crate::log::Log;
use crate::server::{LAUNCH, Server};
use crate::world::{PATIENCE, World};

const TITLE: &str = "Search history";
/// Longest wait for an answer: for a connection, and a little.
const SOON: Duration = Duration::from_secs(7);

/// A server on a cluster of its own, with a spec in the middle of a phase.
struct Busy {
    world: World,
    cluster: Cluster,
    server: Server,
    spec: String,
}

impl Busy {
    async fn start() -> Self {
        let (world, cluster) = (World::new(), Cluster::start().await);
        let server = Server::replica(&world, 150, cluster.url(), "only").await;
        let spec = server.launch(TITLE).await;
        let mut stream = server.stream(&spec, 0).await;
        loop {
            let event = stream.event().await.expect("a stream that goes on");
            if event.name == "spec.progress" && event.data["data"]["phase"] == "explore" {
                break;
            }
        }
        Self {
            world,
            cluster,
            server,
            spec,
        }
    }

    /// The spec completes as if nothing had been, and others can be launched.
    async fn goes_on(self) {
        let Self {
            world,
            cluster,
            server,
            spec,
        } = self;
        let other = launch_patiently(&server, "Other").await;
        server.becomes(&spec, "completed").await;
        server.becomes(&other, "completed").await;
        server.stop().await;
        let pool = PgPool::connect(cluster.url()).await.unwrap();
        for title in [TITLE, "Other"] {
            let log = Log::in_postgres(pool.clone(), title).await;
            log.assert_done_once();
        }
        world.assert_nothing_is_left();
    }
}

fn idea(title: &str) -> serde_json::Value {
    json!({ "title": title, "description": "Add a search history" })
}

/// Launches as a client does that heeds `Retry-After`, only more often.
async fn launch_patiently(server: &Server, title: &str) -> String {
    let begun = Instant::now();
    loop {
        let answer = post(server.address, LAUNCH, &idea(title)).await;
        if answer.status == 201 {
            return answer.header("location").to_owned();
        }
        assert_eq!(answer.status, 503);
        assert!(begun.elapsed() < PATIENCE, "never launched");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn is_unavailable(what: &str, asking: impl Future<Output = Answer>) {
    let asked = Instant::now();
    let answer = asking.await;
    let took = asked.elapsed();
    println!("{what} is answered within {took:?}");
    assert_eq!(answer.status, 503, "{what}");
    assert!(took < SOON, "{what}: {took:?}");
    let media_type = answer.header("content-type");
    assert_eq!(media_type, "application/problem+json", "{what}");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait), "{what}: {wait}");
    let problem = answer.json().await;
    assert_eq!(problem["status"], 503, "{problem}");
    let text = problem.to_string();
    assert!(!text.contains("postgres"), "{text}");
}

#[tokio::test]
async fn while_the_database_is_down_requests_are_told_to_come_back_and_specs_wait() {
    let busy = Busy::start().await;
    busy.cluster.stop();
    let server = busy.server.address;
    let ask = async |path: &str| crate::http::ask(server, &format!("GET {path}"), "", None).await;
    let events = format!("{}/events", busy.spec);
    let body = idea("Other");
    tokio::join!(
        is_unavailable("a launch", post(server, LAUNCH, &body)),
        is_unavailable("a spec", ask(&busy.spec)),
        is_unavailable("the events", ask(&events)),
        is_unavailable("the list", ask("/api/v1/specs")),
        async {
            let health = get(server, "/api/v1/healthz").await;
            assert_eq!(health["status"], "ok");
        },
    );
    busy.cluster.start_again();
    busy.goes_on().await;
}

#[tokio::test]
async fn a_database_that_crashes_and_comes_back_costs_no_attempt() {
    let busy = Busy::start().await;
    busy.cluster.restart_immediate();
    busy.goes_on().await;
}
