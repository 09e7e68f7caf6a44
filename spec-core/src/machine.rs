//! The state machine: three pure functions, and the driver that acts on their word.

mod apply;
mod command;
mod evolve;
mod next_action;
mod observation;
mod progress;
mod refusal;

pub use apply::{NewSpec, Transition, apply, launch};
pub use command::Command;
pub use evolve::{ReplayError, replay};
pub use next_action::{Action, due_at, next_action};
pub use observation::{Input, Observation, Verdict};
pub use progress::{PhaseProgress, Progress, progress};
pub use refusal::Refusal;
