//! One file per group of routes. Each handler reads, asks the machine, and writes.

pub(crate) mod commands;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod health;
pub(crate) mod launch;
pub(crate) mod offer;
pub(crate) mod openapi;
mod permitted;
pub(crate) mod phases;
pub(crate) mod quick_tasks;
pub(crate) mod review;
pub(crate) mod specs;
pub(crate) mod usage;
