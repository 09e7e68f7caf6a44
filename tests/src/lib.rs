//! What suites across crates share: a [fake Daytona](daytona), and what the real one says of
//! [requests](description). The suites are in `tests/it`.

pub mod daytona;
pub mod description;
