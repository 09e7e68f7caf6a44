//! What the database says of a spec, read after the programs have ended.

use std::collections::BTreeSet;
use std::path::Path;

use spec_core::artifact::Artifact;
use spec_core::event::{EventBody, SpecEvent};
use spec_core::id::Sequence;
use spec_core::machine::replay;
use spec_core::store::{PageLimit, SpecQuery, SpecStoreExt as _};
use spec_core::{Phase, Spec, SpecStatus, SpecStore};
use spec_sqlx::{PostgresStore, SqliteStore};
use sqlx::PgPool;

/// A spec, its events and its artifacts.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) spec: Spec,
    pub(crate) events: Vec<SpecEvent>,
    pub(crate) artifacts: Vec<Artifact>,
}

impl Log {
    /// The spec of that title in the database of this data folder.
    pub(crate) async fn read(data: &Path, title: &str) -> Self {
        Self::read_file(&data.join("spec.db"), title).await
    }

    /// The spec of that title in this file.
    pub(crate) async fn read_file(file: &Path, title: &str) -> Self {
        let store = SqliteStore::open(file).await.unwrap();
        let log = Self::of(&store, title).await;
        store.close().await;
        log
    }

    /// The spec of that title in this database.
    pub(crate) async fn in_postgres(pool: PgPool, title: &str) -> Self {
        let store = PostgresStore::migrated(pool).await.unwrap();
        let log = Self::of(&store, title).await;
        store.close().await;
        log
    }

    pub(crate) async fn of(store: &impl SpecStore, title: &str) -> Self {
        let page = store.list(&SpecQuery::default()).await.unwrap();
        let mut found = page
            .items
            .iter()
            .filter(|spec| spec.title.as_str() == title);
        let id = found.next().expect("a spec of that title").id;
        assert!(found.next().is_none(), "one spec of that title");
        let mut events = Vec::new();
        loop {
            let after = events
                .last()
                .map_or(Sequence::default(), |e: &SpecEvent| e.sequence);
            let page = store.events(id, after, PageLimit::MAX).await.unwrap();
            if page.is_empty() {
                break;
            }
            events.extend(page);
        }
        Self {
            spec: store.require(id).await.unwrap().spec,
            events,
            artifacts: store.artifacts(id).await.unwrap(),
        }
    }

    /// How many events of that name there are for `phase`.
    pub(crate) fn count(&self, phase: Phase, name: &str) -> usize {
        let of_phase = self.events.iter().filter(|e| e.body.phase() == Some(phase));
        of_phase.filter(|event| event.body.name() == name).count()
    }

    /// The events are whole, and the state is their fold.
    pub(crate) fn assert_consistent(&self) {
        let sequences: Vec<u32> = self.events.iter().map(|e| e.sequence.get()).collect();
        let dense: Vec<u32> = (1..).take(self.events.len()).collect();
        assert_eq!(sequences, dense);
        assert_eq!(replay(&self.events).unwrap(), self.spec);
    }

    /// It is complete, and nothing in it was done twice.
    pub(crate) fn assert_done_once(&self) {
        self.assert_consistent();
        assert_eq!(self.spec.status, SpecStatus::Completed);
        for phase in Phase::ALL {
            for (name, times) in [
                ("spec.phase_started", 1),
                ("sandbox.spawned", 1),
                ("spec.run_started", 1),
                ("spec.run_ended", 1),
                ("spec.phase_completed", 1),
                ("sandbox.terminated", 1),
                ("spec.phase_retry", 0),
                ("spec.phase_repair", 0),
                ("sandbox.abandoned", 0),
            ] {
                assert_eq!(self.count(phase, name), times, "{name} in {phase}");
            }
        }
        let sandboxes: BTreeSet<_> = self
            .events
            .iter()
            .filter_map(|event| {
                let EventBody::SandboxSpawned { sandbox, .. } = &event.body else {
                    return None;
                };
                Some(&sandbox.id)
            })
            .collect();
        assert_eq!(sandboxes.len(), 5, "distinct sandboxes");
        let artifacts: Vec<Phase> = self.artifacts.iter().map(|a| a.phase).collect();
        assert_eq!(artifacts, Phase::ALL);
    }
}
