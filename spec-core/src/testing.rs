//! For the tests of hosts and adapters: a manual clock, a scripted spawner, mocks of the two ports,
//! and the conformance suites that every adapter has to pass. Feature `testing`; not covered by
//! semantic versioning.

pub mod broken;
mod clock;
pub mod conformance;

pub use clock::ManualClock;
