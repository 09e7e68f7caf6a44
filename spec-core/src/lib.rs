//! A durable state machine for spec-driven development.

pub mod agent;
pub mod artifact;
pub mod attempt;
pub mod check;
pub mod clock;
mod error;
pub mod event;
mod graph;
pub mod id;
pub mod machine;
mod phase;
pub mod policy;
pub mod project;
pub mod render;
pub mod sandbox;
pub mod spec;
mod status;
pub mod store;
pub mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod usage;

pub use error::{Error, InvalidInput};
pub use machine::{DynSpecStateMachine, LaunchRequest, Launched, RunnerConfig, SpecStateMachine};
pub use phase::Phase;
pub use policy::Policy;
pub use project::ProjectSource;
pub use sandbox::SandboxSpawner;
pub use spec::Spec;
pub use status::{PhaseStatus, SpecStatus};
pub use store::SpecStore;
pub use usage::Usage;
