//! The package is its suites: see `tests/it`. Cargo wants a library beside them.

pub mod description;
