//! `SqliteStore` against the contract of stores, and what is its own affair.
#![cfg(feature = "sqlite")]

mod fixture;
mod opening;
mod writing;

/// A file of the store's own.
mod file {
    spec_core::store_conformance!(super::fixture::SqliteFixture::file());
}

/// The store in memory.
mod memory {
    spec_core::store_conformance!(super::fixture::SqliteFixture::memory());
}

/// A host's database.
mod host {
    spec_core::store_conformance!(super::fixture::SqliteFixture::host());
}
