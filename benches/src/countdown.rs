//! Counts finished specs down to none.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Specs that have not finished yet.
#[derive(Debug)]
pub(crate) struct Countdown {
    left: AtomicUsize,
    none_left: Notify,
}

impl Countdown {
    pub(crate) fn new(specs: usize) -> Self {
        Self {
            left: AtomicUsize::new(specs),
            none_left: Notify::new(),
        }
    }

    /// One spec finished.
    pub(crate) fn finished(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.none_left.notify_one();
        }
    }

    pub(crate) fn left(&self) -> usize {
        self.left.load(Ordering::Acquire)
    }

    /// Waits for the last one. For one waiter.
    pub(crate) async fn done(&self) {
        while self.left() > 0 {
            self.none_left.notified().await;
        }
    }
}
