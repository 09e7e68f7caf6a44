//! Events as they happen. The stored events are the truth: a stream is read from them, so that
//! cutting it off and coming back loses and repeats nothing.

pub(crate) mod cursor;
pub(crate) mod sse;
