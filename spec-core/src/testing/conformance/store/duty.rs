//! Clauses about [`lead`](crate::SpecStore::lead).

use std::time::Duration;

use tokio::task::JoinSet;

use super::bench::Bench;
use super::{StoreFixture, sample};
use crate::id::{Duty, RunnerId};

/// How long the suite's leaders lead.
const TERM: Duration = Duration::from_mins(1);

fn duty(name: &str) -> Duty {
    Duty::new(name).unwrap()
}

async fn leads(bench: &Bench<'_>, name: &str, runner: RunnerId) -> bool {
    bench.store.lead(&duty(name), runner, TERM).await.unwrap()
}

/// While one leads, others do not; the one may say so as often as it likes. Nobody needs a lease on
/// specs for it.
pub async fn lead_is_granted_to_one_runner_at_a_time(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (sample::runner_id(), bench.runner().await);
    assert!(leads(&bench, "sweep", one).await);
    assert!(!leads(&bench, "sweep", other).await);
    assert!(leads(&bench, "sweep", one).await);
    assert!(!leads(&bench, "sweep", other).await);
}

/// A leader that is silent for its term is followed by another, not a moment before.
pub async fn lead_passes_on_after_the_term_and_not_before(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (sample::runner_id(), sample::runner_id());
    assert!(leads(&bench, "sweep", one).await);
    bench.fixture.advance(Duration::from_secs(55)).await;
    assert!(!leads(&bench, "sweep", other).await);
    bench.fixture.advance(Duration::from_secs(6)).await;
    assert!(leads(&bench, "sweep", other).await);
    assert!(!leads(&bench, "sweep", one).await);
}

/// The term counts from the last time the leader asked.
pub async fn lead_is_extended_by_asking_again(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (sample::runner_id(), sample::runner_id());
    for _half_term in 0..5 {
        assert!(leads(&bench, "sweep", one).await);
        bench.fixture.advance(TERM / 2).await;
        assert!(!leads(&bench, "sweep", other).await);
    }
    bench.fixture.advance(TERM).await;
    assert!(leads(&bench, "sweep", other).await);
}

/// Whoever has done the duty need not let its term run out.
pub async fn lead_for_no_time_gives_the_duty_back(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (sample::runner_id(), sample::runner_id());
    assert!(leads(&bench, "sweep", one).await);
    let back = |runner| {
        let store = bench.shared();
        async move { store.lead(&duty("sweep"), runner, Duration::ZERO).await }
    };
    assert!(!back(other).await.unwrap());
    assert!(!leads(&bench, "sweep", other).await);
    assert!(back(one).await.unwrap());
    assert!(leads(&bench, "sweep", other).await);
}

/// Each duty has its own leader.
pub async fn duties_do_not_disturb_each_other(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    let (one, other) = (sample::runner_id(), sample::runner_id());
    let longest = "x".repeat(120);
    for (name, leader) in [
        ("sweep", one),
        ("Sweep", other),
        ("sweep.größe", other),
        (&longest, one),
    ] {
        assert!(leads(&bench, name, leader).await, "{name}");
    }
    assert!(!leads(&bench, "sweep", other).await);
    assert!(!leads(&bench, "Sweep", one).await);
}

/// Of those that ask at once, one is told that it leads, first and after each term.
pub async fn racing_leaders_have_one_winner(fixture: &dyn StoreFixture) {
    let bench = Bench::new(fixture).await;
    for _term in 0..4 {
        let mut runners = JoinSet::new();
        for _runner in 0..16 {
            let (store, runner) = (bench.shared(), sample::runner_id());
            runners.spawn(async move { store.lead(&duty("sweep"), runner, TERM).await.unwrap() });
        }
        let leaders = runners.join_all().await;
        assert_eq!(leaders.into_iter().filter(|leads| *leads).count(), 1);
        bench.fixture.advance(TERM + Duration::from_secs(1)).await;
    }
}
