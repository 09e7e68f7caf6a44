//! Suites that every adapter has to pass.

pub mod spawner;
