//! The scripted model keeps to its script and to the protocols, and counts what it serves.

mod agents;
mod client;
mod endings;
mod scripts;
mod wire;
