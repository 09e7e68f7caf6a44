//! The suite of `spec-core` for every spawner.

use super::stage::DaytonaFixture;

spec_core::spawner_conformance!(DaytonaFixture::new());
