//! What suites across crates share: a [fake Daytona](daytona), what the real one says of
//! [requests](description), and a [repository behind HTTP](git_server). The suites are in `tests/it`.

pub mod daytona;
pub mod description;
pub mod git_server;
