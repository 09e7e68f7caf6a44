//! The machine against its ports in memory.

mod crash;
mod drive;
mod pure;
mod scene;
