//! Daytona as the sandbox provider of `spec-core`: [`DaytonaSpawner`].
//!
//! **This version has the configuration and no operations.** Every operation of the spawner is
//! answered with an error of the kind [`Rejected`](spec_core::sandbox::SpawnErrorKind::Rejected), so
//! that a spec launched with it fails at once and says why. The operations arrive in a later
//! version; until then use `spec-local`.
//!
//! ```
//! use spec_daytona::{DaytonaConfig, DaytonaSpawner};
//!
//! let config = DaytonaConfig::new("https://app.daytona.io/api", "dtn_1234")?.with_target("eu");
//! let spawner = DaytonaSpawner::new(config);
//! assert!(!format!("{spawner:?}").contains("dtn_1234"));
//! # Ok::<_, spec_daytona::ConfigError>(())
//! ```

mod config;
mod spawner;

pub use config::{ConfigError, DaytonaConfig};
pub use spawner::DaytonaSpawner;
