//! `PostgresStore`.

mod bench;
mod fixture;
mod hints;
mod idle;
mod liveness;
mod opening;
mod outage;
mod process;
mod races;
mod replica;
mod roles;
mod texts;
mod trouble;
mod upgrade;
mod writing;

/// The contract.
mod contract {
    spec_core::store_conformance!(super::fixture::PostgresFixture::default());
}
