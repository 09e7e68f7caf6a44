//! Hints that something has changed: to listeners here at once, to other processes a little later and
//! many at a time, because a `NOTIFY` within each commit would make commits wait for each other.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use spec_core::id::{Revision, SpecId};
use spec_core::store::Wakeup;
use sqlx::PgPool;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{database, sql};
use crate::error::failed;

/// Where processes tell each other.
pub(super) const CHANNEL: &str = "spec_wakeups";
/// Hints that a slow listener may fall behind before it is told that it lagged.
const WAKEUPS_KEPT: usize = 1024;
/// Hints that wait to be sent.
const QUEUE: usize = 4096;
/// How long hints are gathered.
const GATHERED_FOR: Duration = Duration::from_millis(10);
/// Longest wait for what is queued to be sent; hints are never needed.
const FLUSHED_WITHIN: Duration = Duration::from_secs(1);
/// Longest payload, in bytes; Postgres refuses 8,000.
const PAYLOAD: usize = 7900;
/// What stands for hints that were lost.
const LAGGED: &str = "lagged";

/// What the announcer is told.
#[derive(Debug)]
enum Message {
    Tell(Wakeup),
    /// To be answered when all that was told before has been sent.
    Flush(oneshot::Sender<()>),
}

/// Tells listeners, here and elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Hints {
    here: broadcast::Sender<Wakeup>,
    elsewhere: mpsc::Sender<Message>,
    /// Some could not be queued.
    lost: Arc<AtomicBool>,
}

impl Hints {
    /// With what sends them elsewhere.
    pub(super) fn new(pool: PgPool, sender: Uuid) -> (Self, Announcer) {
        let (elsewhere, queue) = mpsc::channel(QUEUE);
        let lost = Arc::new(AtomicBool::new(false));
        let announcer = Announcer {
            pool,
            sender,
            queue,
            lost: Arc::clone(&lost),
        };
        let hints = Self {
            here: broadcast::Sender::new(WAKEUPS_KEPT),
            elsewhere,
            lost,
        };
        (hints, announcer)
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Wakeup> {
        self.here.subscribe()
    }

    /// Tells everybody. Never waits.
    pub(super) fn tell(&self, wakeup: Wakeup) {
        self.tell_here(wakeup);
        if self.elsewhere.try_send(Message::Tell(wakeup)).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until others have been told what was told so far: the process may be about to end.
    pub(super) async fn flush(&self) {
        let flushed = async {
            let (done, sent) = oneshot::channel();
            if self.elsewhere.send(Message::Flush(done)).await.is_ok() {
                let _ended = sent.await;
            }
        };
        let _late = timeout(FLUSHED_WITHIN, flushed).await;
    }

    /// Tells the listeners of this store only.
    pub(super) fn tell_here(&self, wakeup: Wakeup) {
        // An error says that nobody listens.
        let _listeners = self.here.send(wakeup);
    }
}

/// Sends hints to other processes.
#[derive(Debug)]
pub(super) struct Announcer {
    pool: PgPool,
    sender: Uuid,
    queue: mpsc::Receiver<Message>,
    lost: Arc<AtomicBool>,
}

impl Announcer {
    /// Ends when nobody is left to give hints, or with `stop`; sends what is queued before.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                () = stop.cancelled(), if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
                first = self.queue.recv() => first,
            };
            let Some(first) = first else {
                return;
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(GATHERED_FOR) => {}
            }
            let (mut hints, mut flushed) = (Vec::new(), Vec::new());
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Tell(hint) => hints.push(hint),
                    Message::Flush(done) => flushed.push(done),
                }
                next = self.queue.try_recv().ok();
            }
            if self.lost.swap(false, Ordering::Relaxed) {
                hints.push(Wakeup::Lagged);
            }
            if !hints.is_empty() {
                self.send(&hints).await;
            }
            for done in flushed {
                // An error says that nobody waits any more.
                let _waiting = done.send(());
            }
        }
    }

    async fn send(&self, hints: &[Wakeup]) {
        let query = sqlx::query(sql::NOTIFY)
            .bind(CHANNEL)
            .bind(payloads(self.sender, hints));
        if let Err(error) = database::rows(&self.pool, query).await {
            self.lost.store(true, Ordering::Relaxed);
            let error = failed("tell other processes of changes", error);
            tracing::debug!(error = &error as &dyn std::error::Error, "no hints for now");
        }
    }
}

/// Hints as texts that are short enough; the newest of each spec.
fn payloads(sender: Uuid, hints: &[Wakeup]) -> Vec<String> {
    let mut newest = HashMap::new();
    let mut entries = Vec::new();
    for hint in hints {
        match *hint {
            Wakeup::Spec { id, revision, due } => {
                newest.insert(id, (revision, due));
            }
            Wakeup::Lagged => entries = vec![LAGGED.to_owned()],
        }
    }
    entries.extend(newest.into_iter().map(|(id, (revision, due))| {
        format!("{}.{revision}.{}", id.as_uuid().simple(), u8::from(due))
    }));
    let mut payloads: Vec<String> = Vec::new();
    for entry in entries {
        match payloads.last_mut() {
            Some(payload) if payload.len() + entry.len() < PAYLOAD => {
                payload.push(' ');
                payload.push_str(&entry);
            }
            Some(_) | None => payloads.push(format!("{} {entry}", sender.simple())),
        }
    }
    payloads
}

/// The hints in a payload that another process sent; none in one's own.
pub(super) fn heard(own: Uuid, payload: &str) -> Vec<Wakeup> {
    let mut words = payload.split(' ');
    match words.next().map(Uuid::parse_str) {
        Some(Ok(sender)) if sender == own => return Vec::new(),
        Some(Ok(_)) => {}
        // Of another version, or by hand.
        Some(Err(_)) | None => return vec![Wakeup::Lagged],
    }
    words
        .map(|entry| read(entry).unwrap_or(Wakeup::Lagged))
        .collect()
}

fn read(entry: &str) -> Option<Wakeup> {
    let mut fields = entry.split('.');
    let id = Uuid::parse_str(fields.next()?).ok()?;
    Some(Wakeup::Spec {
        id: SpecId::from_uuid(id),
        revision: Revision::new(fields.next()?.parse().ok()?),
        due: fields.next()? == "1",
    })
}
