//! Programs that compose the crates.
