//! Hints that something has changed: to listeners here at once, to other processes a little later and
//! many at a time, because a `NOTIFY` within each commit would make commits wait for each other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use spec_core::id::{Revision, SandboxId, SpecId};
use spec_core::store::{StoreError, StoreErrorKind, Wakeup};
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
/// Longest wait for an announcement: for a connection and an answer, as of any call.
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(15);
/// Longest payload, in bytes; Postgres refuses 8,000.
const PAYLOAD: usize = 7900;
/// What stands for hints that were lost.
const LAGGED: &str = "lagged";
/// What stands before a sandbox's id.
const SANDBOX: &str = "sandbox.";

const TELLING: &str = "tell other processes of changes";

/// Whether what was told has been sent.
type Sent = Result<(), Arc<sqlx::Error>>;

/// What the announcer is told.
#[derive(Debug)]
enum Message {
    Tell(Wakeup),
    /// Likewise of a sandbox, to be answered when it has been sent or not.
    Announce(SandboxId, oneshot::Sender<Sent>),
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
        self.tell_here(wakeup.clone());
        if self.elsewhere.try_send(Message::Tell(wakeup)).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Tells everybody of a sandbox, and waits until others have been told.
    pub(super) async fn announce(&self, id: SandboxId) -> Result<(), StoreError> {
        self.tell_here(Wakeup::Sandbox { id: id.clone() });
        let announced = async {
            let (done, sent) = oneshot::channel();
            let message = Message::Announce(id, done);
            self.elsewhere.send(message).await.map_err(|_closed| {
                StoreError::new(StoreErrorKind::Internal, "the store is closed")
            })?;
            let sent = sent.await.map_err(|_ended| {
                let message = "the store stopped before it could tell others";
                StoreError::new(StoreErrorKind::Unavailable, message)
            })?;
            sent.map_err(|error| failed(TELLING, error))
        };
        timeout(ANNOUNCED_WITHIN, announced)
            .await
            .unwrap_or_else(|_elapsed| {
                let message = "others could not be told in time";
                Err(StoreError::new(StoreErrorKind::Unavailable, message))
            })
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
            let (mut hints, mut announced, mut flushed) = (Vec::new(), Vec::new(), Vec::new());
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Tell(hint) => hints.push(hint),
                    Message::Announce(id, done) => {
                        hints.push(Wakeup::Sandbox { id });
                        announced.push(done);
                    }
                    Message::Flush(done) => flushed.push(done),
                }
                next = self.queue.try_recv().ok();
            }
            if self.lost.swap(false, Ordering::Relaxed) {
                hints.push(Wakeup::Lagged);
            }
            let sent = if hints.is_empty() {
                Ok(())
            } else {
                self.send(&hints).await
            };
            // An error says that nobody waits any more.
            for done in announced {
                let _waiting = done.send(sent.clone());
            }
            for done in flushed {
                let _waiting = done.send(());
            }
        }
    }

    async fn send(&self, hints: &[Wakeup]) -> Sent {
        let query = sqlx::query(sql::NOTIFY)
            .bind(CHANNEL)
            .bind(payloads(self.sender, hints));
        match database::rows(&self.pool, query).await {
            Ok(_told) => Ok(()),
            Err(error) => {
                self.lost.store(true, Ordering::Relaxed);
                let cause = Arc::new(error);
                let error = failed(TELLING, Arc::clone(&cause));
                tracing::debug!(error = &error as &dyn std::error::Error, "no hints for now");
                Err(cause)
            }
        }
    }
}

/// Hints as texts that are short enough; the newest of each spec, and each sandbox once.
fn payloads(sender: Uuid, hints: &[Wakeup]) -> Vec<String> {
    let (mut newest, mut sandboxes) = (HashMap::new(), HashSet::new());
    let mut entries = Vec::new();
    for hint in hints {
        match hint {
            Wakeup::Spec { id, revision, due } => {
                newest.insert(id, (revision, due));
            }
            Wakeup::Sandbox { id } => {
                sandboxes.insert(id);
            }
            Wakeup::Lagged => entries = vec![LAGGED.to_owned()],
        }
    }
    entries.extend(sandboxes.into_iter().map(sandbox_entry));
    entries.extend(newest.into_iter().map(|(id, (revision, due))| {
        format!("{}.{revision}.{}", id.as_uuid().simple(), u8::from(*due))
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

/// In hexadecimal digits: an id may hold what parts entries and fields. An earlier version takes such
/// an entry for [`LAGGED`].
fn sandbox_entry(id: &SandboxId) -> String {
    let mut entry = SANDBOX.to_owned();
    for byte in id.as_str().bytes() {
        for digit in [byte >> 4, byte & 0xf] {
            entry.extend(char::from_digit(digit.into(), 16));
        }
    }
    entry
}

fn read_sandbox(digits: &str) -> Option<Wakeup> {
    let mut digits = digits.chars().map(|digit| digit.to_digit(16));
    let mut bytes = Vec::new();
    while let Some(high) = digits.next() {
        bytes.push(u8::try_from(high? << 4 | digits.next()??).ok()?);
    }
    let id = SandboxId::new(String::from_utf8(bytes).ok()?).ok()?;
    Some(Wakeup::Sandbox { id })
}

fn read(entry: &str) -> Option<Wakeup> {
    if let Some(digits) = entry.strip_prefix(SANDBOX) {
        return read_sandbox(digits);
    }
    let mut fields = entry.split('.');
    let id = Uuid::parse_str(fields.next()?).ok()?;
    Some(Wakeup::Spec {
        id: SpecId::from_uuid(id),
        revision: Revision::new(fields.next()?.parse().ok()?),
        due: fields.next()? == "1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(id: &str) -> Wakeup {
        let id = SandboxId::new(id).unwrap();
        Wakeup::Sandbox { id }
    }

    fn spec(number: u128, revision: u32) -> Wakeup {
        Wakeup::Spec {
            id: SpecId::from_uuid(Uuid::from_u128(number)),
            revision: Revision::new(revision),
            due: revision == 1,
        }
    }

    fn told(hints: &[Wakeup]) -> HashSet<Wakeup> {
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let payloads = payloads(here, hints);
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        assert!(
            payloads
                .iter()
                .all(|payload| heard(here, payload).is_empty())
        );
        let heard = payloads.iter().flat_map(|payload| heard(there, payload));
        heard.collect()
    }

    #[test]
    fn whatever_a_provider_calls_a_sandbox_is_heard_as_it_was_told() {
        let hints = [
            spec(7, 1),
            sandbox("6fdaf9c1-8d0c-43fc-a3ca-a37b9a2d5ff1"),
            sandbox("a b.c sandbox. lagged"),
            sandbox("ü🦀"),
            sandbox(&"𓁷".repeat(255)),
            spec(8, 2),
        ];
        assert_eq!(told(&hints), HashSet::from(hints));
    }

    #[test]
    fn many_long_ids_are_told_in_texts_that_are_short_enough() {
        let hints: Vec<_> = (100..150)
            .map(|number| sandbox(&format!("{number}{}", "𓁷".repeat(252))))
            .collect();
        assert_eq!(told(&hints), HashSet::from_iter(hints));
    }

    #[test]
    fn a_sandbox_that_is_told_of_often_is_told_once() {
        let hints = vec![sandbox("a"); 100];
        let payloads = payloads(Uuid::from_u128(1), &hints);
        assert_eq!(
            payloads,
            [format!("{} sandbox.61", Uuid::from_u128(1).simple())]
        );
    }

    #[test]
    fn what_another_version_says_may_mean_anything_and_the_rest_is_understood() {
        let there = Uuid::from_u128(2);
        let old = format!("{} {}.3.1", there.simple(), Uuid::from_u128(7).simple());
        let due = || Wakeup::Spec {
            id: SpecId::from_uuid(Uuid::from_u128(7)),
            revision: Revision::new(3),
            due: true,
        };
        let own = Uuid::from_u128(1);
        assert_eq!(heard(own, &old), [due()]);
        for entry in [
            "sandbox.6",
            "sandbox.6x",
            "sandbox.",
            "sandbox.ff",
            "later.1.2",
            "",
        ] {
            let heard = heard(own, &format!("{} {entry} {}", there.simple(), &old[33..]));
            assert_eq!(heard, [Wakeup::Lagged, due()], "{entry}");
        }
        assert_eq!(heard(own, "by hand"), [Wakeup::Lagged]);
    }
}
