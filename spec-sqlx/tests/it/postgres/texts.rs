//! Texts that people and agents come up with, and much of them.

use spec_core::SpecStore;
use spec_core::event::EventBody;

use spec_core::Phase;
use spec_core::check::Finding;
use spec_core::id::{
    AgentName, Duty, Environment, IdempotencyKey, OutputCursor, ProjectId, SandboxId, Sequence,
    UserId,
};
use spec_core::machine::{Command, Input, apply};
use spec_core::sandbox::RunEnd;
use spec_core::spec::{Description, Title};
use spec_core::store::{Commit, PageLimit, SpecQuery};
use spec_test_postgres::database;

use super::bench::{
    any, artifact, change, claim_one, dense, launch, line, progress, run, runner, store, stored,
};
use crate::sample;

/// What SQL, JSON and UTF-8 make something of.
const ODD: &str =
    "NUL \0, crab 🦀, 日本語, \\u0000, \\, \"'--; $1 {} \u{7f} \u{feff} \u{fffd} \r\n\t é";

#[tokio::test]
async fn odd_texts_of_agents_and_users_come_back_as_they_were() {
    let database = database().await;
    let store = store(database.url()).await;
    let launched = launch(&store).await;
    let runner = runner(&store).await;
    let lease = claim_one(&store, runner).await.lease;
    store
        .append(line(&launched.spec, lease, ODD))
        .await
        .unwrap();
    let checkpoint = stored(&store, launched.spec.id).await.checkpoint.unwrap();
    assert_eq!(checkpoint.stderr_tail, ODD);

    let mut found = artifact(&launched.spec, ODD);
    found.findings = vec![Finding::warning("style.odd", "/text", ODD).with_fix(ODD)];
    let mut commit = Commit {
        artifacts: vec![found.clone()],
        checkpoint: Some(checkpoint.clone()),
        ..change(&launched.spec).under(lease)
    };
    let mut ended = progress(&commit.spec, ODD);
    let (key, attempt) = launched.spec.active_attempt().unwrap();
    ended.body = EventBody::RunEnded {
        phase: key.phase,
        attempt: key.attempt,
        repair: attempt.repair,
        end: RunEnd::Exited { code: 1 },
        stderr_tail: ODD.to_owned(),
        report: Box::default(),
    };
    commit.events.push(ended.clone());
    let spec = commit.spec.clone();
    store.commit(commit).await.unwrap();
    let cancel = Command::Cancel {
        by: UserId::new("ada 🦀").unwrap(),
        reason: Some(ODD.to_owned()),
    };
    let cancelled = apply(&spec, Input::Command(cancel), spec.updated_at).unwrap();
    let expected = cancelled.spec.clone();
    store.commit(Commit::new(cancelled)).await.unwrap();

    let after = stored(&store, expected.id).await;
    assert_eq!(after.spec, expected);
    assert_eq!(after.checkpoint, Some(checkpoint));
    let events = store
        .events(expected.id, Sequence::default(), PageLimit::MAX)
        .await
        .unwrap();
    assert_eq!(events[3].body, progress(&launched.spec, ODD).body);
    assert_eq!(events[5].body, ended.body);
    let kept = store
        .artifact(expected.id, Phase::Explore, None)
        .await
        .unwrap();
    assert_eq!(kept, Some(found));
    let page = store.list(&SpecQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn names_hold_any_character_but_those_that_are_refused_at_once() {
    let database = database().await;
    let store = store(database.url()).await;
    assert!(Title::new(ODD).is_err() && Description::new(ODD).is_err());
    assert!(ProjectId::new(ODD).is_err() && UserId::new(ODD).is_err());
    assert!(AgentName::new(ODD).is_err() && IdempotencyKey::new(ODD).is_err());
    assert!(Duty::new(ODD).is_err() && Environment::new(ODD).is_err());
    assert!(SandboxId::new(ODD).is_err() && OutputCursor::new(ODD).is_err());

    let longest = "🦀".repeat(500);
    let mut create = sample::create("api");
    create.spec.project_id = ProjectId::new(longest.clone()).unwrap();
    create.spec.title = Title::new(longest).unwrap();
    create.spec.owner = UserId::new("🦀".repeat(200)).unwrap();
    create.spec.description = Description::new(ODD.replace('\0', "")).unwrap();
    create.idempotency_key = Some(IdempotencyKey::new("🦀".repeat(255)).unwrap());
    let spec = create.spec.clone();
    store.create(create).await.unwrap();
    assert_eq!(stored(&store, spec.id).await.spec, spec);
    let query = SpecQuery {
        project: Some(spec.project_id.clone()),
        ..SpecQuery::default()
    };
    assert_eq!(store.list(&query).await.unwrap().items.len(), 1);
    let duty = Duty::new("🦀".repeat(120)).unwrap();
    let runner = runner(&store).await;
    assert!(
        store
            .lead(&duty, runner, super::bench::LEASE)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_commit_may_hold_a_thousand_events() {
    let database = database().await;
    let store = store(database.url()).await;
    let spec = launch(&store).await.spec;
    let mut commit = change(&spec);
    commit.events = (0..1000)
        .map(|number| progress(&commit.spec, &format!("{number} {}", "x".repeat(500))))
        .collect();
    let committed = store.commit(commit.clone()).await.unwrap();
    assert_eq!(committed.last_sequence.get(), 1003);
    assert_eq!(dense(&store, spec.id).await, 1003);
    let events = store
        .events(spec.id, Sequence::new(3), PageLimit::MAX)
        .await
        .unwrap();
    let bodies = events.into_iter().map(|event| event.body);
    assert!(bodies.eq(commit.events.into_iter().map(|event| event.body)));
}

/// However a spec cannot be read, the next one is found behind it, also by a claim of one.
#[tokio::test]
async fn what_cannot_be_read_and_stands_first_does_not_stop_claims() {
    let database = database().await;
    let (store, pool) = (store(database.url()).await, database.pool());
    for damage in [
        "DELETE FROM spec.states WHERE spec_id = $1",
        "DELETE FROM spec.descriptions WHERE spec_id = $1",
        "UPDATE spec.states SET state = 'null' WHERE spec_id = $1",
        "UPDATE spec.specs SET last_sequence = -1 WHERE id = $1",
        "INSERT INTO spec.checkpoints VALUES ($1, '{}')",
    ] {
        let bad = launch(&store).await.spec.id;
        sqlx::query(damage)
            .bind(bad.as_uuid())
            .execute(&pool)
            .await
            .unwrap();
    }
    let good = launch(&store).await.spec.id;
    run(
        &pool,
        "UPDATE spec.specs SET run_at = run_at + interval '1 second' WHERE last_sequence = 2 \
                AND id = (SELECT max(id::text)::uuid FROM spec.specs)",
    )
    .await;
    let runner = runner(&store).await;
    let claimed = store.claim(&any(runner, 1)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].stored.spec.id, good);
    assert_eq!(store.claim(&any(runner, 10)).await.unwrap(), []);
}
