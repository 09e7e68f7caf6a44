//! What every adapter has to pass, one suite per port.

pub mod spawner;
pub mod store;
