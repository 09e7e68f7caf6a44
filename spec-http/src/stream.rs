//! Events as they happen. The stored events are the truth: a stream is read from them, so that
//! cutting it off and coming back loses and repeats nothing.
//!
//! One [`feed`] tells what a stream consists of; [`sse`] and [`socket`] only frame it.

pub(crate) mod cursor;
pub(crate) mod feed;
pub(crate) mod places;
pub(crate) mod socket;
mod source;
pub(crate) mod sse;
pub(crate) mod subprotocol;
