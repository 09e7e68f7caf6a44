//! One small, valid spec: a search history for a demo program.
//!
//! Its evidence refers to a repository whose `src/main.rs` begins with `fn main() {` and whose
//! `README.md` begins with `# Demo`.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::phase::Phase;
use crate::sync::{Outputs, sync_report};

/// What the four phases before SYNC produced.
#[must_use]
pub fn outputs() -> Outputs {
    Outputs {
        explore: read(include_str!("fixture/explore.json")),
        requirements: read(include_str!("fixture/requirements.json")),
        design: read(include_str!("fixture/design.json")),
        tasks: read(include_str!("fixture/tasks.json")),
    }
}

/// What `phase` produced, as an agent would write it; for SYNC, as the report computes it.
#[must_use]
pub fn output_json(phase: Phase) -> Value {
    match phase {
        Phase::Explore => read(include_str!("fixture/explore.json")),
        Phase::Requirements => read(include_str!("fixture/requirements.json")),
        Phase::Design => read(include_str!("fixture/design.json")),
        Phase::Tasks => read(include_str!("fixture/tasks.json")),
        Phase::Sync => serde_json::to_value(sync_report("search-history", &outputs(), None))
            .unwrap_or_default(),
    }
}

#[expect(
    clippy::expect_used,
    reason = "the documents are part of this crate, and a test reads each"
)]
fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the fixture is valid")
}
