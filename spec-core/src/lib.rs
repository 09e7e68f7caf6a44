//! A durable state machine for spec-driven development.
//!
//! A user types an idea; a [`SpecStateMachine`] takes it through five [`Phase`]s on the user's own
//! repository, each done by an [agent] in a [sandbox], [checked](check) by the host
//! and checkpointed in a [store]. The machine is generic over [`SpecStore`] and
//! [`SandboxSpawner`]; this crate itself performs no I/O.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! use spec_core::agent::CommandAgent;
//! use spec_core::spec::{Description, Title};
//! use spec_core::store::MemoryStore;
//! use spec_core::testing::demo;
//! use spec_core::{LaunchRequest, SpecStateMachine, SpecStatus};
//!
//! // In a unit test: a store in memory, and sandboxes in which agents do what a script says.
//! let machine = SpecStateMachine::new(
//!     MemoryStore::default(),
//!     demo::spawner(demo::good_run),
//!     demo::projects(),
//! )
//! .with_agent(CommandAgent::new("agent".parse()?, "my-agent"));
//!
//! let idea = Description::new("Remember what I searched for")?;
//! let launch = LaunchRequest::new("ada".parse()?, Title::new("Search history")?, idea);
//! let id = machine.launch(launch).await?.spec().id;
//!
//! // A service calls `run` instead, on as many replicas as it likes.
//! let spec = machine.drive(id).await?;
//! assert_eq!(spec.status, SpecStatus::Completed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! Start reading at [`machine`]: three pure functions decide, a driver acts on their word.

pub mod agent;
pub mod artifact;
pub mod attempt;
pub mod check;
pub mod clock;
mod error;
pub mod event;
mod finding;
mod graph;
pub mod id;
mod invalid_input;
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
pub mod usage;
mod wire_schema;

pub use error::Error;
pub use invalid_input::InvalidInput;
pub use machine::{DynSpecStateMachine, LaunchRequest, Launched, RunnerConfig, SpecStateMachine};
pub use phase::Phase;
pub use policy::Policy;
pub use project::ProjectSource;
pub use sandbox::SandboxSpawner;
pub use spec::Spec;
pub use status::{PhaseStatus, SpecStatus};
pub use store::SpecStore;
pub use usage::{ModelPrice, PriceTable, Usage};
