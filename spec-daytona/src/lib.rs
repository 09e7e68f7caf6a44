//! Daytona as the sandbox provider of `spec-core`: [`DaytonaSpawner`].
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use spec_daytona::{DaytonaConfig, DaytonaSpawner};
//!
//! let config = DaytonaConfig::from_env()?.with_snapshot("spec-agents");
//! let spawner = DaytonaSpawner::new(config)?;
//! let account = spawner.preflight().await?;
//! println!("Daytona {}", account.api_version.as_deref().unwrap_or("of an unknown version"));
//! # Ok(())
//! # }
//! ```
//!
//! # What it sees to
//!
//! - **Nothing leaks.** Every sandbox has a time to live that Daytona enforces, is deleted when it
//!   stops, and carries labels for the machine's reaper. A sandbox is named after its key, so that a
//!   lost answer, a crash or a race leads to the one that exists. Its end counts when Daytona no
//!   longer knows it.
//! - **Nothing runs twice.** A run is recorded in its sandbox by whoever starts it first.
//! - **No output is lost.** It is kept in files in the sandbox; sockets only carry it. It can be
//!   followed again from any line, by any process.
//! - **No secret shows.** Credentials and secrets travel in files that only the sandbox's user can
//!   read and that are removed once read; or as names of secrets in Daytona's vault.

mod client;
mod config;
mod demux;
mod frames;
mod script;
mod spawner;

pub use config::{ConfigError, DaytonaConfig, Image, Network, Resources};
pub use spawner::{DaytonaSpawner, Preflight};
