//! Hints as the stream that listeners of a store are given.

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use spec_core::store::Wakeup;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Ends with the sender. Who falls behind is told that it lagged.
pub(crate) fn stream(receiver: Receiver<Wakeup>) -> BoxStream<'static, Wakeup> {
    unfold(receiver, |mut receiver| async move {
        let wakeup = match receiver.recv().await {
            Ok(wakeup) => wakeup,
            Err(RecvError::Lagged(_)) => Wakeup::Lagged,
            Err(RecvError::Closed) => return None,
        };
        Some((wakeup, receiver))
    })
    .boxed()
}
