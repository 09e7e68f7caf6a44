//! Texts say something of their own: no placeholders, no left-overs of templates, no echo of the
//! idea, no copies.
//!
//! These rules veto, so each is tight: what an honest author may write passes, and what is quoted,
//! between backticks or quotation marks, is never held against the text around it.

mod copy;
mod echo;
mod field;
mod placeholder;
mod template;
mod words;

use serde_json::Value;

use super::Earlier;
use crate::artifact::PhaseOutput;
use crate::finding::Findings;

/// Adds a finding for every text of `document` that says nothing of its own.
pub(super) fn content(
    schema: &Value,
    document: &Value,
    output: &PhaseOutput,
    earlier: &Earlier<'_>,
    findings: &mut Findings,
) {
    let phase = output.phase();
    let subject = placeholder::Subject::of(earlier.idea);
    field::each(phase, schema, document, &mut |field| {
        let finding = placeholder::find(&field, &subject)
            .or_else(|| template::find(&field, phase))
            .or_else(|| copy::of_instructions(&field));
        if let Some(finding) = finding {
            findings.push(finding);
        }
    });
    if let Some(idea) = earlier.idea.and_then(echo::Idea::new) {
        echo::find(&idea, output, findings);
    }
    copy::find(output, earlier, findings);
}

#[cfg(test)]
mod tests;
