//! Databases that earlier versions have left.

use std::collections::HashSet;
use std::process::Command as Program;
use std::time::Duration;

use spec_core::id::{IdempotencyKey, RunnerId, UserId};
use spec_core::machine::{Command, Input, apply};
use spec_core::store::{Commit, Created, SpecQuery, TitleSearch};
use spec_core::{SpecStatus, SpecStore};
use spec_sqlx::PostgresStore;
use spec_test_postgres::{Cluster, database};
use uuid::Uuid;

use super::bench::{any, artifact, change, dense, launch, line, runner, store, stored};
use crate::sample;

/// Dumps of the schema, by the version that made them. They are never changed: what a released
/// version has left is what it is.
const DUMPS: [(&str, &str); 1] = [("0.1.0", include_str!("../../upgrades/postgres-0.1.0.sql"))];

#[tokio::test(flavor = "multi_thread")]
async fn what_earlier_versions_have_left_is_read_and_driven_on() {
    for (version, dump) in DUMPS {
        let database = database().await;
        let pool = database.pool();
        let mut loading = pool.acquire().await.unwrap().detach();
        // Meant for psql.
        let dump: String = dump
            .lines()
            .filter(|line| !line.starts_with('\\'))
            .flat_map(|line| [line, "\n"])
            .collect();
        sqlx::raw_sql(sqlx::AssertSqlSafe(dump))
            .execute(&mut loading)
            .await
            .unwrap_or_else(|error| panic!("{version}: {error}"));
        drop(loading);

        let store = PostgresStore::new(pool).await.unwrap();
        let query = SpecQuery {
            include_archived: true,
            ..SpecQuery::default()
        };
        let listed = store.list(&query).await.unwrap().items;
        assert_eq!(listed.len(), 5, "{version}");
        let statuses: HashSet<_> = listed.iter().map(|item| item.status).collect();
        assert_eq!(
            statuses,
            HashSet::from([
                SpecStatus::Draft,
                SpecStatus::Executing,
                SpecStatus::Cancelled
            ])
        );
        let search = TitleSearch::new(listed[0].title.as_str().to_ascii_uppercase()).unwrap();
        let query = SpecQuery {
            search: Some(search),
            ..query
        };
        let found = store.list(&query).await.unwrap().items;
        assert!(found.contains(&listed[0]), "{version}: {found:?}");
        for item in &listed {
            assert_eq!(stored(&store, item.id).await.spec.title, item.title);
            assert!(dense(&store, item.id).await > 0);
        }

        let runner = runner(&store).await;
        let claimed = store.claim(&any(runner, 10)).await.unwrap();
        assert_eq!(claimed.len(), 3, "{version}: two due, one left behind");
        let mut artifacts = 0;
        for claimed in claimed {
            let spec = &claimed.stored.spec;
            artifacts += store.artifacts(spec.id).await.unwrap().len();
            if claimed.stored.checkpoint.is_some() {
                assert!(claimed.lease.epoch.get() > 1, "it was left behind");
            }
            let mut commit = change(spec).under(claimed.lease);
            commit.checkpoint.clone_from(&claimed.stored.checkpoint);
            store.commit(commit.clone()).await.unwrap();
            assert_eq!(stored(&store, spec.id).await.spec, commit.spec);
        }
        assert_eq!(artifacts, 1);

        let mut again = sample::create("api");
        again.idempotency_key = Some(IdempotencyKey::new("once").unwrap());
        let created = store.create(again).await.unwrap();
        assert!(
            matches!(created, Created::Existing(_)),
            "{version}: keys are kept"
        );
    }
}

/// Makes the dump of this version, at the end of its development.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes to the source"]
async fn make_the_dump_of_this_version() {
    let cluster = Cluster::start().await;
    let store = store(cluster.url()).await;
    store.create(sample::draft("api")).await.unwrap();

    let cancelled = sample::draft("api");
    let mut spec = cancelled.spec.clone();
    store.create(cancelled).await.unwrap();
    let by = UserId::new("ada").unwrap();
    let cancel = Command::Cancel {
        by: by.clone(),
        reason: None,
    };
    for command in [cancel, Command::Archive { by }] {
        let next = apply(&spec, Input::Command(command), spec.updated_at).unwrap();
        spec = next.spec.clone();
        store.commit(Commit::new(next)).await.unwrap();
    }

    let left = RunnerId::from_uuid(Uuid::now_v7());
    store.heartbeat(left, Duration::from_secs(1)).await.unwrap();
    launch(&store).await;
    let claimed = store.claim(&any(left, 1)).await.unwrap().remove(0);
    store
        .append(line(&claimed.stored.spec, claimed.lease, "a line"))
        .await
        .unwrap();

    let mut due = sample::create("web");
    due.idempotency_key = Some(IdempotencyKey::new("once").unwrap());
    store.create(due).await.unwrap();
    let spec = launch(&store).await.spec;
    let mut commit = change(&spec);
    commit.artifacts.push(artifact(&spec, "found"));
    store.commit(commit).await.unwrap();
    store.close().await;

    let dump = Program::new("pg_dump")
        .args(["--schema=spec", "--inserts", "--no-owner", cluster.url()])
        .output()
        .unwrap();
    assert!(dump.status.success());
    let made = format!(
        "-- Specs in different states, as version {0} has stored them; made by the ignored test\n\
         -- `make_the_dump_of_this_version` of that version.\n{1}",
        env!("CARGO_PKG_VERSION"),
        String::from_utf8(dump.stdout).unwrap()
    );
    let name = concat!(
        "tests/upgrades/postgres-",
        env!("CARGO_PKG_VERSION"),
        ".sql"
    );
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::write(path, made).unwrap();
}
