//! The state machine: three pure functions, and the driver that acts on their word.

mod active;
mod apply;
mod command;
mod config;
mod driver;
mod duty;
mod effect;
mod evaluate;
mod evolve;
mod follow;
mod handle;
mod hub;
mod known;
mod local;
mod looks;
mod next_action;
mod observation;
mod prepare;
mod progress;
mod reaper;
mod refusal;
mod retention;
mod runner;
mod sync_run;
mod watch;
mod writes;

pub use apply::{NewSpec, Transition, apply, launch};
pub use command::Command;
pub use config::RunnerConfig;
pub use evolve::{ReplayError, replay};
pub use handle::{DynSpecStateMachine, LaunchRequest, Launched, SpecStateMachine};
pub use next_action::{Action, due_at, next_action};
pub use observation::{Input, Observation, Verdict};
pub use progress::{PhaseProgress, Progress, progress};
pub use reaper::Reaped;
pub use refusal::Refusal;
