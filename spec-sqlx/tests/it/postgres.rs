//! `PostgresStore`.

mod fixture;

/// The contract.
mod contract {
    spec_core::store_conformance!(super::fixture::PostgresFixture::default());
}
