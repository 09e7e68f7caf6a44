//! What every request passes on its way to a handler.

mod base;
mod caching;
mod cross_origin;
mod guard;
mod panics;

pub(crate) use base::{Base, see_base};
pub(crate) use caching::keep_private;
pub(crate) use cross_origin::{AllowedOrigins, refuse_cross_origin};
pub(crate) use guard::{Guard, guard};
pub(crate) use panics::{Panicked, catch_panics};
