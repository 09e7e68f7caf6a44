//! The conformance suite for stores, on the stores of this crate and on broken ones.

mod fixture;
mod suite_catches_faults;
mod suite_is_complete;

/// [`spec_core::store::MemoryStore`] as it is.
mod memory {
    spec_core::store_conformance!(super::fixture::MemoryFixture::healthy());
}

/// The same behind a `Box` and an `Arc`, which must pass every call on.
mod forwarded {
    spec_core::store_conformance!(super::fixture::MemoryFixture::boxed());
}
