//! Runs agents on this machine: [`LocalSpawner`] keeps each sandbox in a folder, with `bubblewrap`
//! around its processes where that works. [`DirectoryTarget`] writes finished specs to a folder.
//!
//! Linux only: who a process is, is read from `/proc`.

mod clone;
mod directory_target;
mod failure;
mod files;
mod isolation;
mod lock;
mod output;
mod place;
mod process;
mod record;
mod run;
mod spawner;
mod terminate;

pub use directory_target::DirectoryTarget;
pub use isolation::IsolationMode;
pub use spawner::LocalSpawner;
