//! What a store in memory holds, and the rules by which it changes.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::super::{
    Append, Appended, Claim, Claimed, Commit, Committed, Create, Created, Heartbeat, Held, Lease,
    Page, PageLimit, SpecQuery, SpecSummary, StoreError, StoreErrorKind, StoredSpec, Turns, Wakeup,
};
use crate::artifact::Artifact;
use crate::clock::Timestamp;
use crate::event::{NewEvent, SpecEvent};
use crate::id::{
    ArtifactVersion, Duty, Epoch, IdempotencyKey, ProjectId, RunnerId, Sequence, SpecId, UserId,
};
use crate::machine::due_at;
use crate::phase::Phase;
use crate::spec::Spec;

/// How long an expired runner that holds nothing is remembered, so that it is told to stop.
const EXPIRED_RUNNERS_KEPT: Duration = Duration::from_hours(24);

#[derive(Default)]
pub(super) struct Tables {
    specs: BTreeMap<SpecId, Row>,
    keys: HashMap<(UserId, IdempotencyKey), SpecId>,
    /// When the lease of each runner expires.
    runners: HashMap<RunnerId, Timestamp>,
    /// Who fulfils each duty, and until when.
    duties: HashMap<Duty, (RunnerId, Timestamp)>,
}

struct Row {
    stored: StoredSpec,
    events: Vec<SpecEvent>,
    artifacts: BTreeMap<(Phase, ArtifactVersion), Artifact>,
    due_at: Option<Timestamp>,
    epoch: Epoch,
    owner: Option<RunnerId>,
    /// Claims since the last commit under a lease.
    claims: u32,
}

impl Row {
    fn holds(&self, lease: &Lease) -> bool {
        self.epoch == lease.epoch && self.owner == Some(lease.runner)
    }

    /// Hands the row to a runner.
    fn take(&mut self, runner: RunnerId) -> Claimed {
        let fruitless = self.claims;
        self.claims = fruitless.saturating_add(1);
        self.epoch = self.epoch.next();
        self.owner = Some(runner);
        Claimed {
            lease: Lease {
                spec_id: self.stored.spec.id,
                runner,
                epoch: self.epoch,
            },
            stored: self.stored.clone(),
            fruitless,
        }
    }

    fn give_back(&mut self) {
        self.owner = None;
        self.claims = 0;
    }

    fn push(&mut self, events: Vec<NewEvent>) {
        for event in events {
            let sequence = self.stored.last_sequence.next();
            self.stored.last_sequence = sequence;
            self.events
                .push(event.at_sequence(self.stored.spec.id, sequence));
        }
    }
}

impl Tables {
    pub(super) fn len(&self) -> usize {
        self.specs.len()
    }

    pub(super) fn create(&mut self, create: Create, now: Timestamp) -> Result<Created, StoreError> {
        let Create {
            spec,
            events,
            idempotency_key,
            runner,
        } = create;
        let id = spec.id;
        let key = idempotency_key.map(|key| (spec.owner.clone(), key));
        if let Some(earlier) = key.as_ref().and_then(|key| self.keys.get(key))
            && let Some(row) = self.specs.get(earlier)
        {
            return Ok(Created::Existing(row.stored.clone()));
        }
        if self.specs.contains_key(&id) {
            return Err(StoreError::new(
                StoreErrorKind::AlreadyExists,
                format!("spec {id} exists already"),
            ));
        }
        let mut row = Row {
            due_at: due_at(&spec),
            stored: StoredSpec {
                spec,
                last_sequence: Sequence::default(),
                checkpoint: None,
            },
            events: Vec::new(),
            artifacts: BTreeMap::new(),
            epoch: Epoch::default(),
            owner: None,
            claims: 0,
        };
        row.push(events);
        let due = row.due_at.is_some_and(|at| at <= now);
        let lease = runner
            .filter(|runner| due && self.runners.get(runner).is_some_and(|until| *until > now))
            .map(|runner| row.take(runner).lease);
        let stored = row.stored.clone();
        self.specs.insert(id, row);
        if let Some(key) = key {
            self.keys.insert(key, id);
        }
        Ok(Created::New { stored, lease })
    }

    pub(super) fn get(&self, id: SpecId) -> Option<StoredSpec> {
        self.specs.get(&id).map(|row| row.stored.clone())
    }

    pub(super) fn list(&self, query: &SpecQuery) -> Page<SpecSummary> {
        let limit = usize::try_from(query.limit.get()).unwrap_or(usize::MAX);
        let mut found = self
            .specs
            .iter()
            .rev()
            .filter(|(id, _)| query.before.is_none_or(|before| **id < before))
            .map(|(_, row)| &row.stored.spec)
            .filter(|spec| matches(query, spec));
        let items: Vec<_> = found.by_ref().take(limit).map(SpecSummary::from).collect();
        let next = found
            .next()
            .and_then(|_more| items.last().map(|last| last.id));
        Page { items, next }
    }

    pub(super) fn commit(&mut self, commit: Commit) -> Result<Committed, StoreError> {
        let Commit {
            spec,
            expected,
            events,
            artifacts,
            checkpoint,
            lease,
            release,
        } = commit;
        let id = spec.id;
        let row = self.fenced(id, lease.as_ref())?;
        let current = row.stored.spec.revision;
        if current != expected {
            return Err(StoreError::new(
                StoreErrorKind::Conflict,
                format!("spec {id} is at revision {current}, not {expected}"),
            ));
        }
        if spec.revision <= expected {
            return Err(StoreError::new(
                StoreErrorKind::Internal,
                format!("a commit from revision {expected} of spec {id} must raise it"),
            ));
        }
        if let Some(taken) = artifacts
            .iter()
            .find(|new| row.artifacts.contains_key(&(new.phase, new.version)))
        {
            let (phase, version) = (taken.phase, taken.version);
            return Err(StoreError::new(
                StoreErrorKind::Internal,
                format!("spec {id} has version {version} of its {phase} artifact already"),
            ));
        }
        if lease.is_some() {
            row.claims = 0;
        }
        if lease.is_some() && release {
            row.give_back();
        }
        row.due_at = due_at(&spec);
        row.stored.spec = spec;
        if checkpoint.is_some() {
            row.stored.checkpoint = checkpoint;
        }
        row.push(events);
        for artifact in artifacts {
            row.artifacts
                .insert((artifact.phase, artifact.version), artifact);
        }
        Ok(Committed {
            revision: row.stored.spec.revision,
            last_sequence: row.stored.last_sequence,
        })
    }

    pub(super) fn append(&mut self, append: Append) -> Result<Appended, StoreError> {
        let Append {
            spec_id,
            lease,
            events,
            checkpoint,
        } = append;
        let row = self.fenced(spec_id, Some(&lease))?;
        row.stored.checkpoint = Some(checkpoint);
        row.claims = 0;
        row.push(events);
        Ok(Appended {
            revision: row.stored.spec.revision,
            last_sequence: row.stored.last_sequence,
        })
    }

    /// The spec's row, if `lease` (where there is one) is current.
    fn fenced(&mut self, id: SpecId, lease: Option<&Lease>) -> Result<&mut Row, StoreError> {
        let row = self.specs.get_mut(&id).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::NotFound,
                format!("spec {id} does not exist"),
            )
        })?;
        match lease {
            Some(lease) if lease.spec_id != id || !row.holds(lease) => Err(StoreError::new(
                StoreErrorKind::Fenced,
                format!("the lease of {lease} is no longer current"),
            )),
            Some(_) | None => Ok(row),
        }
    }

    pub(super) fn events(&self, id: SpecId, after: Sequence, limit: PageLimit) -> Vec<SpecEvent> {
        let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        // Dense from 1: the event after `after` stands at that index.
        self.specs.get(&id).map_or_else(Vec::new, |row| {
            row.events
                .iter()
                .skip(index(after.get()))
                .take(index(limit.get()))
                .cloned()
                .collect()
        })
    }

    pub(super) fn artifact(
        &self,
        id: SpecId,
        phase: Phase,
        version: Option<ArtifactVersion>,
    ) -> Option<Artifact> {
        let artifacts = &self.specs.get(&id)?.artifacts;
        match version {
            Some(version) => artifacts.get(&(phase, version)),
            None => artifacts
                .values()
                .rev()
                .find(|artifact| artifact.phase == phase),
        }
        .cloned()
    }

    pub(super) fn claim(
        &mut self,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let Claim {
            runner,
            limit,
            machine_version,
            only,
            max_per_project,
        } = *claim;
        let alive = |runner: &RunnerId| self.runners.get(runner).is_some_and(|until| *until > now);
        if !alive(&runner) {
            return Err(expired(runner));
        }
        let mut due: Vec<_> = self
            .specs
            .iter()
            .filter(|(id, row)| {
                only.is_none_or(|only| only == **id)
                    && row.stored.spec.machine_version <= machine_version
                    && !row.owner.as_ref().is_some_and(alive)
            })
            .filter_map(|(id, row)| Some((row.due_at.filter(|at| *at <= now)?, *id)))
            .collect();
        due.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let chosen = due.into_iter().map(|(_, id)| id);
        let chosen: Vec<SpecId> = match max_per_project {
            None => chosen.take(limit).collect(),
            Some(cap) => {
                let due = chosen.filter_map(|id| Some((self.project(id)?, id)));
                let mut turns = Turns::new(due, self.running(now), cap);
                let in_turn = std::iter::from_fn(|| {
                    let (project, id) = turns.next_in_turn()?;
                    turns.taken(project);
                    Some(id)
                });
                in_turn.take(limit).collect()
            }
        };
        Ok(chosen
            .into_iter()
            .filter_map(|id| self.specs.get_mut(&id).map(|row| row.take(runner)))
            .collect())
    }

    fn project(&self, id: SpecId) -> Option<ProjectId> {
        let row = self.specs.get(&id)?;
        Some(row.stored.spec.project_id.clone())
    }

    /// How many specs of each project living runners hold.
    fn running(&self, now: Timestamp) -> HashMap<ProjectId, u32> {
        let mut running = HashMap::new();
        for row in self.specs.values() {
            let until = row.owner.and_then(|owner| self.runners.get(&owner));
            if until.is_some_and(|until| *until > now) {
                *running
                    .entry(row.stored.spec.project_id.clone())
                    .or_default() += 1;
            }
        }
        running
    }

    pub(super) fn heartbeat(
        &mut self,
        runner: RunnerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Heartbeat, StoreError> {
        match self.runners.get(&runner) {
            Some(until) if *until <= now => return Err(expired(runner)),
            Some(_) => {}
            None => self.forget_runners(now),
        }
        let expires_at = now + lease;
        self.runners.insert(runner, expires_at);
        let held = self
            .specs
            .iter()
            .filter(|(_, row)| row.owner == Some(runner))
            .map(|(id, row)| Held {
                spec_id: *id,
                epoch: row.epoch,
                revision: row.stored.spec.revision,
            })
            .collect();
        Ok(Heartbeat { expires_at, held })
    }

    fn forget_runners(&mut self, now: Timestamp) {
        let specs = &self.specs;
        self.runners.retain(|runner, until| {
            *until + EXPIRED_RUNNERS_KEPT > now
                || specs.values().any(|row| row.owner == Some(*runner))
        });
    }

    /// True when the lease was current.
    pub(super) fn release(&mut self, lease: &Lease) -> bool {
        match self.specs.get_mut(&lease.spec_id) {
            Some(row) if row.holds(lease) => {
                row.give_back();
                true
            }
            Some(_) | None => false,
        }
    }

    /// The specs that were given back.
    pub(super) fn retire(&mut self, runner: RunnerId) -> Vec<SpecId> {
        self.runners.remove(&runner);
        self.specs
            .iter_mut()
            .filter(|(_, row)| row.owner == Some(runner))
            .map(|(id, row)| {
                row.give_back();
                *id
            })
            .collect()
    }

    pub(super) fn lead(
        &mut self,
        duty: &Duty,
        runner: RunnerId,
        term: Duration,
        now: Timestamp,
    ) -> bool {
        match self.duties.get(duty) {
            Some((leader, until)) if *leader != runner && *until > now => false,
            Some(_) | None => {
                self.duties.insert(duty.clone(), (runner, now + term));
                true
            }
        }
    }

    pub(super) fn purge(&mut self, archived_before: Timestamp, limit: PageLimit) -> u32 {
        let old: Vec<SpecId> = self
            .specs
            .iter()
            .filter(|(_, row)| {
                let archived_at = row.stored.spec.archived_at;
                archived_at.is_some_and(|at| at < archived_before)
            })
            .map(|(id, _)| *id)
            .take(usize::try_from(limit.get()).unwrap_or(usize::MAX))
            .collect();
        for id in &old {
            self.specs.remove(id);
        }
        self.keys.retain(|_, id| !old.contains(id));
        u32::try_from(old.len()).unwrap_or(u32::MAX)
    }

    /// What is to be said of a spec that has changed.
    pub(super) fn wakeup(&self, id: SpecId) -> Option<Wakeup> {
        let row = self.specs.get(&id)?;
        Some(Wakeup::Spec {
            id,
            revision: row.stored.spec.revision,
            due: row.owner.is_none() && row.due_at.is_some(),
        })
    }
}

fn matches(query: &SpecQuery, spec: &Spec) -> bool {
    let SpecQuery {
        project,
        owner,
        status,
        search,
        include_archived,
        before: _,
        limit: _,
    } = query;
    project.as_ref().is_none_or(|id| *id == spec.project_id)
        && owner.as_ref().is_none_or(|id| *id == spec.owner)
        && status.is_none_or(|status| status == spec.status)
        && (*include_archived || spec.archived_at.is_none())
        && search
            .as_ref()
            .is_none_or(|search| search.finds(&spec.title))
}

fn expired(runner: RunnerId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Fenced,
        format!("the lease of runner {runner} has expired or was never taken"),
    )
}
