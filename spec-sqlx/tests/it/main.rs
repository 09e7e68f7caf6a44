//! The stores against the contract, and what is the affair of each.

#[cfg(feature = "sqlite")]
mod fixture;
#[cfg(feature = "sqlite")]
mod opening;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sample;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sandbox_changed;
#[cfg(feature = "sqlite")]
mod writing;

/// A file of the store's own.
#[cfg(feature = "sqlite")]
mod file {
    spec_core::store_conformance!(super::fixture::SqliteFixture::file());
}

/// The store in memory.
#[cfg(feature = "sqlite")]
mod memory {
    spec_core::store_conformance!(super::fixture::SqliteFixture::memory());
}

/// A host's database.
#[cfg(feature = "sqlite")]
mod host {
    spec_core::store_conformance!(super::fixture::SqliteFixture::host());
}
