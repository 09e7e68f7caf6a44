//! For the tests of hosts and adapters: a manual clock, a scripted spawner, decorators that fail on
//! purpose, and the conformance suites that every adapter has to pass. Feature `testing`; not
//! covered by semantic versioning.

#[cfg(test)]
mod broken_spawners;
mod clock;
pub mod conformance;
mod faulty;
mod scripted;

pub use clock::ManualClock;
pub use faulty::{FaultMode, FaultPlan, FaultySpawner, FaultyStore};
pub use scripted::{Call, RunScript, ScriptedRun, ScriptedSpawner};
