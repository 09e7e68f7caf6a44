//! `PostgresStore`.

mod fixture;
mod idle;
mod liveness;
mod process;
mod replica;

/// The contract.
mod contract {
    spec_core::store_conformance!(super::fixture::PostgresFixture::default());
}
