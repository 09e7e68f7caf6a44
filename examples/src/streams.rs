//! Many readers of event streams over HTTP while many specs are worked on: the parts of the program
//! `streams`.

mod client;
mod commits;
mod memory;
mod round;
mod server;
mod verdict;

pub use round::{Load, round};
pub use server::serve;
pub use verdict::{Figures, Latency, Memory};

/// By which the program's own connections are told from others.
pub const APPLICATION: &str = "spec-streams";

/// The user that owns spec `number`, and their token; the server listens to this machine only.
fn token(number: usize) -> String {
    format!("reader-{number}")
}
