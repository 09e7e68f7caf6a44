//! What suites across crates share: a [fake Daytona](daytona). The suites are in `tests/it`.

pub mod daytona;
