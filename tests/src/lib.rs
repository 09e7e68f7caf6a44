//! What suites across crates share: a [fake Daytona](daytona), what the real one says of
//! [requests](description), a [repository behind HTTP](git_server), the real [coding agents](agents) and
//! a [scripted model](model) for them. The suites are in `tests/it`.

pub mod agents;
pub mod daytona;
pub mod description;
pub mod git_server;
pub mod installed;
pub mod model;
