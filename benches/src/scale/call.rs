//! The calls that are timed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use spec_core::id::{RunnerId, Sequence, SpecId};
use spec_core::spec::MACHINE_VERSION;
use spec_core::store::{Claim, Lease, PageLimit, SpecQuery};
use spec_core::{SpecStatus, SpecStore as _};
use spec_sqlx::PostgresStore;
use sqlx::PgPool;
use uuid::Uuid;

use super::fill::{EVENTS, Filled};
use crate::cluster::Database;
use crate::store;

/// Longer than any measurement.
const LEASE: Duration = Duration::from_hours(1);

/// What is asked of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Call {
    Claim,
    List,
    ListOfProject,
    ListOfOwner,
    ListOfStatus,
    Get,
    Events,
}

impl Call {
    pub(super) const ALL: [Self; 7] = [
        Self::Claim,
        Self::List,
        Self::ListOfProject,
        Self::ListOfOwner,
        Self::ListOfStatus,
        Self::Get,
        Self::Events,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim one spec",
            Self::List => "list 100, the newest",
            Self::ListOfProject => "list 100 of a project",
            Self::ListOfOwner => "list 100 of an owner",
            Self::ListOfStatus => "list 100 of a status",
            Self::Get => "get a spec",
            Self::Events => "read a spec's events",
        }
    }
}

/// A store over a table that was filled.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) filled: Filled,
    pub(super) pool: PgPool,
    store: PostgresStore,
    runner: RunnerId,
    made: usize,
}

impl Calls {
    pub(super) async fn open(
        database: &Database,
        filled: Filled,
        connections: u32,
    ) -> Result<Self> {
        let pool = store::connect(&database.url, connections).await?;
        let store = PostgresStore::new(pool.clone()).await?;
        let runner = RunnerId::from_uuid(Uuid::now_v7());
        store.heartbeat(runner, LEASE).await?;
        Ok(Self {
            filled,
            pool,
            store,
            runner,
            made: 0,
        })
    }

    pub(super) async fn close(self) -> Filled {
        self.store.close().await;
        self.pool.close().await;
        self.filled
    }

    /// Makes so many calls and says how many milliseconds each took. Fewer, when fewer specs are due.
    pub(super) async fn make(&mut self, call: Call, number: usize) -> Result<Vec<f64>> {
        let mut times = Vec::new();
        let mut leases = Vec::new();
        for _call in 0..number {
            self.made += 1;
            let began = Instant::now();
            let claimed = self.one(call).await?;
            if call == Call::Claim && claimed.is_none() {
                break;
            }
            times.push(began.elapsed().as_secs_f64() * 1e3);
            leases.extend(claimed);
        }
        for lease in leases {
            self.store.release(&lease).await?;
        }
        Ok(times)
    }

    async fn one(&self, call: Call) -> Result<Option<Lease>> {
        let query = SpecQuery::default();
        match call {
            Call::Claim => {
                let claim = Claim {
                    runner: self.runner,
                    limit: 1,
                    machine_version: MACHINE_VERSION,
                    only: None,
                    max_per_project: None,
                };
                let claimed = self.store.claim(&claim).await?;
                return Ok(claimed.first().map(|claimed| claimed.lease));
            }
            Call::List => self.list(query).await?,
            Call::ListOfProject => {
                let project = Some(self.filled.project(self.made)?);
                self.list(SpecQuery { project, ..query }).await?;
            }
            Call::ListOfOwner => {
                let owner = Some(self.filled.owner(self.made)?);
                self.list(SpecQuery { owner, ..query }).await?;
            }
            Call::ListOfStatus => {
                let status = Some(SpecStatus::Draft);
                self.list(SpecQuery { status, ..query }).await?;
            }
            Call::Get => {
                let id = self.some_spec()?;
                self.store.get(id).await?.context("a spec is gone")?;
            }
            Call::Events => {
                let (after, limit) = (Sequence::default(), PageLimit::default());
                let events = self.store.events(self.some_spec()?, after, limit).await?;
                ensure!(!events.is_empty() && events.len() <= EVENTS, "{events:?}");
            }
        }
        Ok(None)
    }

    async fn list(&self, query: SpecQuery) -> Result<()> {
        let page = self.store.list(&query).await?;
        let full = usize::try_from(PageLimit::default().get())?;
        ensure!(page.items.len() == full, "a page of {}", page.items.len());
        Ok(())
    }

    fn some_spec(&self) -> Result<SpecId> {
        let sample = &self.filled.sample;
        let id = sample.get(self.made % sample.len().max(1));
        id.copied().context("no spec to read")
    }
}
