//! What the server served, written down while it serves.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::model::{Dialect, Request, Tokens};

/// How long a test waits for something at most.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many bytes of requests are kept; the oldest are forgotten first.
const KEPT_BYTES: usize = 256 * 1024 * 1024;

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The request's number, counted from 1.
    pub number: u64,
    /// How it was asked.
    pub dialect: Dialect,
    /// The model that was asked for.
    pub model: String,
    /// The agent's name for its session.
    pub conversation: String,
    /// The status of the answer; `None` if it got none.
    pub status: Option<u16>,
    /// The id that the answer has on the wire; `None` if it is no message.
    pub message_id: Option<String>,
    /// What the agent was told that the answer costs. A message that was begun and not ended costs what
    /// its beginning said: everything read and one token written for
    /// [`AnthropicMessages`](Dialect::AnthropicMessages), nothing for
    /// [`OpenAiResponses`](Dialect::OpenAiResponses), which tells at the end.
    pub tokens: Tokens,
    /// How it ended.
    pub outcome: Outcome,
}

/// How the service of a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has not: it is being served, or hangs.
    Open,
    /// Everything was sent.
    Complete,
    /// An error was sent instead.
    Refused,
    /// The script cut the connection.
    Cut,
    /// The agent closed the connection, or the hang was ended by its bound or by the end of the server.
    Abandoned,
}

/// Something that a test waited for did not happen in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    wanted: String,
    seen: Counts,
}

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, seen } = self;
        write!(
            f,
            "no {wanted} within {PATIENCE:?}: {} requests came, {} hung, {} are open",
            seen.requests, seen.hangs, seen.open
        )
    }
}

impl std::error::Error for Overdue {}

/// What can be waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    requests: u64,
    hangs: u64,
    open: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    inner: Mutex<Inner>,
    counts: watch::Sender<Counts>,
}

#[derive(Debug, Default)]
struct Inner {
    /// One for each number.
    served: Vec<Served>,
    requests: VecDeque<(Arc<Request>, usize)>,
    kept_bytes: usize,
}

impl Ledger {
    /// Enters a request that has `bytes`.
    pub(crate) fn enter(self: &Arc<Self>, request: Arc<Request>, bytes: usize) -> Entry {
        let number = request.number;
        let served = Served {
            number,
            dialect: request.dialect,
            model: request.model.clone(),
            conversation: request.conversation.clone(),
            status: None,
            message_id: None,
            tokens: Tokens::default(),
            outcome: Outcome::Open,
        };
        self.with(|inner| {
            inner.served.push(served);
            inner.requests.push_back((request, bytes));
            inner.kept_bytes = inner.kept_bytes.saturating_add(bytes);
            while inner.kept_bytes > KEPT_BYTES
                && let Some((_, bytes)) = inner.requests.pop_front()
            {
                inner.kept_bytes = inner.kept_bytes.saturating_sub(bytes);
            }
        });
        self.counts.send_modify(|counts| {
            counts.requests += 1;
            counts.open += 1;
        });
        Entry {
            ledger: Arc::clone(self),
            number,
            closed: false,
        }
    }

    pub(crate) fn served(&self) -> Vec<Served> {
        self.with(|inner| inner.served.clone())
    }

    pub(crate) fn totals(&self) -> Tokens {
        self.with(|inner| inner.served.iter().map(|served| served.tokens).sum())
    }

    pub(crate) fn requests(&self) -> Vec<Arc<Request>> {
        self.with(|inner| {
            let requests = inner.requests.iter();
            requests.map(|(request, _)| Arc::clone(request)).collect()
        })
    }

    pub(crate) async fn wait_for_requests(&self, number: u64) -> Result<(), Overdue> {
        let wanted = format!("request {number}");
        self.wait(wanted, |counts| counts.requests >= number).await
    }

    pub(crate) async fn wait_for_hangs(&self, number: u64) -> Result<(), Overdue> {
        let wanted = format!("hang {number}");
        self.wait(wanted, |counts| counts.hangs >= number).await
    }

    pub(crate) async fn settled(&self) -> Result<(), Overdue> {
        let wanted = "end of all requests".to_owned();
        self.wait(wanted, |counts| counts.open == 0).await
    }

    async fn wait(
        &self,
        wanted: String,
        happened: impl Fn(&Counts) -> bool + Send,
    ) -> Result<(), Overdue> {
        let mut counts = self.counts.subscribe();
        let in_time = tokio::time::timeout(PATIENCE, counts.wait_for(happened)).await;
        // The sender is here, so only the time can be over.
        match in_time {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Overdue {
                wanted,
                seen: *self.counts.borrow(),
            }),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The line of one request. What is dropped before it was closed was abandoned.
#[derive(Debug)]
pub(crate) struct Entry {
    ledger: Arc<Ledger>,
    number: u64,
    closed: bool,
}

impl Entry {
    pub(crate) fn answered(&self, status: u16, message_id: Option<String>) {
        self.change(|served| {
            served.status = Some(status);
            served.message_id = message_id;
        });
    }

    /// What the agent has now been told in all.
    pub(crate) fn told(&self, tokens: Tokens) {
        self.change(|served| served.tokens = tokens);
    }

    pub(crate) fn hangs(&self) {
        self.ledger.counts.send_modify(|counts| counts.hangs += 1);
    }

    pub(crate) fn close(&mut self, outcome: Outcome) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.change(|served| served.outcome = outcome);
        self.ledger.counts.send_modify(|counts| counts.open -= 1);
    }

    fn change(&self, change: impl FnOnce(&mut Served)) {
        self.ledger.with(|inner| {
            let served = &mut inner.served;
            if let Ok(index) = served.binary_search_by_key(&self.number, |served| served.number)
                && let Some(served) = served.get_mut(index)
            {
                change(served);
            }
        });
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.close(Outcome::Abandoned);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::Key;

    #[test]
    fn of_too_many_bytes_the_oldest_requests_are_forgotten_and_stay_counted() {
        let ledger = Arc::new(Ledger::default());
        for number in 1..=3 {
            let request = Request {
                number,
                dialect: Dialect::AnthropicMessages,
                model: String::new(),
                conversation: String::new(),
                user_texts: Vec::new(),
                assistant_turns: 0,
                tool_results: Vec::new(),
                tools: Vec::new(),
                schema: None,
                streams: true,
                key: Key::Absent,
                body: Value::Null,
            };
            drop(ledger.enter(Arc::new(request), KEPT_BYTES / 2));
        }
        let kept: Vec<_> = ledger.requests().iter().map(|kept| kept.number).collect();
        assert_eq!(kept, [2, 3]);
        assert_eq!(ledger.served().len(), 3);
    }
}
