//! What one would write by hand: five leased checkpoints, one statement each.
//!
//! It knows nothing but the happy path and its fence: no retries, no artifacts, no commands, no
//! sandboxes. So it is the floor under any engine that keeps one row per spec and one per event.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use async_trait::async_trait;
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor as _, PgPool};
use tokio::sync::{Mutex, Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{Engine, Options, PHASES};
use crate::countdown::Countdown;

const LEASE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_secs(1);

const SUBMIT: &str = "\
    WITH made AS (INSERT INTO spec (id, state) VALUES ($1, $2) RETURNING id) \
    INSERT INTO event (spec_id, sequence, body) SELECT id, 0, $3 FROM made";

const CLAIM: &str = "\
    WITH due AS ( \
        SELECT id FROM spec WHERE ready AND run_at <= clock_timestamp() \
        ORDER BY run_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
    UPDATE spec SET ready = false, owner = $1, epoch = epoch + 1 FROM due WHERE spec.id = due.id \
    RETURNING spec.id, spec.epoch, spec.version";

const CHECKPOINT: &str = "\
    WITH moved AS ( \
        UPDATE spec SET version = version + 1, state = $4, done = $5, \
            owner = CASE WHEN $5 THEN NULL ELSE owner END \
        WHERE id = $1 AND epoch = $2 AND version = $3 RETURNING id, version) \
    INSERT INTO event (spec_id, sequence, body) SELECT id, version, $6 FROM moved";

const HEARTBEAT: &str = "\
    INSERT INTO runner (id, lease_until) VALUES ($1, clock_timestamp() + $2 * interval '1 s') \
    ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until";

const FREE_EXPIRED: &str = "\
    UPDATE spec SET ready = true, owner = NULL WHERE owner IN ( \
        SELECT id FROM runner WHERE lease_until < clock_timestamp())";

pub(super) struct Hand {
    pool: PgPool,
    submitted: Arc<Notify>,
    token: CancellationToken,
    tasks: Mutex<JoinSet<Result<()>>>,
}

pub(super) async fn prepare(url: &str) -> Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).connect(url).await?;
    pool.execute(include_str!("hand.sql")).await?;
    pool.close().await;
    Ok(())
}

pub(super) async fn start(url: &str, options: &Options, countdown: Arc<Countdown>) -> Result<Hand> {
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .connect(url)
        .await?;
    let runner = Runner {
        id: Uuid::now_v7(),
        pool: pool.clone(),
        slots: Arc::new(Semaphore::new(options.slots)),
        submitted: Arc::default(),
        countdown,
    };
    runner.heartbeat().await?;
    let submitted = Arc::clone(&runner.submitted);
    let token = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let (beating, until) = (runner.clone(), token.clone());
    tasks.spawn(async move { beating.heartbeats(&until).await });
    let until = token.clone();
    tasks.spawn(async move { runner.claims(&until).await });
    Ok(Hand {
        pool,
        submitted,
        token,
        tasks: Mutex::new(tasks),
    })
}

#[derive(Clone)]
struct Runner {
    id: Uuid,
    pool: PgPool,
    slots: Arc<Semaphore>,
    submitted: Arc<Notify>,
    countdown: Arc<Countdown>,
}

impl Runner {
    async fn heartbeat(&self) -> Result<()> {
        sqlx::query(HEARTBEAT)
            .bind(self.id)
            .bind(LEASE.as_secs_f64())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn heartbeats(&self, token: &CancellationToken) -> Result<()> {
        let mut ticks = interval(LEASE / 3);
        ticks.tick().await;
        loop {
            tokio::select! {
                () = token.cancelled() => return Ok(()),
                _at = ticks.tick() => {}
            }
            self.heartbeat().await?;
            sqlx::query(FREE_EXPIRED).execute(&self.pool).await?;
        }
    }

    /// Claims as many as there are free slots, whenever one is free and something may be due.
    async fn claims(&self, token: &CancellationToken) -> Result<()> {
        let driven = TaskTracker::new();
        loop {
            let slot = tokio::select! {
                () = token.cancelled() => break,
                slot = Arc::clone(&self.slots).acquire_owned() => slot?,
            };
            let free = 1 + self.slots.available_permits();
            let claimed: Vec<(Uuid, i64, i64)> = sqlx::query_as(CLAIM)
                .bind(self.id)
                .bind(i64::try_from(free)?)
                .fetch_all(&self.pool)
                .await?;
            drop(slot);
            if claimed.is_empty() {
                tokio::select! {
                    () = token.cancelled() => break,
                    _hint = timeout(POLL, self.submitted.notified()) => {}
                }
            }
            for (id, epoch, version) in claimed {
                let slot = Arc::clone(&self.slots).acquire_owned().await?;
                let runner = self.clone();
                driven.spawn(async move {
                    // What is fenced or fails is left out, so that the round runs into its limit.
                    if runner.drive(id, epoch, version).await.is_ok() {
                        runner.countdown.finished();
                    }
                    drop(slot);
                });
            }
        }
        driven.close();
        driven.wait().await;
        Ok(())
    }

    async fn drive(&self, id: Uuid, epoch: i64, version: i64) -> Result<()> {
        let phases = i64::try_from(PHASES)?;
        for version in version..phases {
            let done = version + 1 == phases;
            let state = json!({"phase": version + 1, "status": "completed", "result": version});
            let event = json!({"type": "phase_completed", "phase": version + 1});
            let moved = sqlx::query(CHECKPOINT)
                .bind(id)
                .bind(epoch)
                .bind(version)
                .bind(state)
                .bind(done)
                .bind(event)
                .execute(&self.pool)
                .await?;
            ensure!(moved.rows_affected() == 1, "fenced");
        }
        Ok(())
    }
}

#[async_trait]
impl Engine for Hand {
    async fn submit(&self) -> Result<()> {
        sqlx::query(SUBMIT)
            .bind(Uuid::now_v7())
            .bind(json!({"phase": 0, "status": "executing", "title": "Search history"}))
            .bind(json!({"type": "launched"}))
            .execute(&self.pool)
            .await?;
        self.submitted.notify_one();
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        self.token.cancel();
        while let Some(ended) = self.tasks.lock().await.join_next().await {
            ended??;
        }
        self.pool.close().await;
        Ok(())
    }
}
