//! The suite of `spec-core`, without isolation and with it.

mod without_isolation {
    use spec_local::IsolationMode;

    use crate::fixture::LocalFixture;

    spec_core::spawner_conformance!(LocalFixture::new(IsolationMode::Off));
}

/// Fails where bubblewrap does not work: a machine that cannot test it is not to say that it passed.
mod with_bubblewrap {
    use spec_local::IsolationMode;

    use crate::fixture::LocalFixture;

    spec_core::spawner_conformance!(LocalFixture::new(IsolationMode::Required));
}
