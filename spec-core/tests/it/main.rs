//! The machine against its ports in memory.

#![cfg(test)]

mod crash;
mod drive;
mod pure;
mod scene;
