//! The suite of `spec-core` for every spawner.

mod over_sessions {
    use crate::adapter::stage::DaytonaFixture;

    spec_core::spawner_conformance!(DaytonaFixture::new());
}

/// What toolboxes are to have instead, of which only an outline is known.
mod over_processes {
    use crate::adapter::stage::DaytonaFixture;

    spec_core::spawner_conformance!(DaytonaFixture::with_processes());
}
