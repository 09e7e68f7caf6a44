//! Renders finished specs.

use crate::artifact::SyncOutput;
use crate::spec::Spec;
use crate::sync::{Outputs, RenderedFile};

/// Placeholder until the merge.
#[must_use]
pub fn markdown(spec: &Spec, _: &Outputs, _: &SyncOutput) -> Vec<RenderedFile> {
    vec![RenderedFile {
        name: "requirements.md".to_owned(),
        text: spec.title.to_string(),
    }]
}
