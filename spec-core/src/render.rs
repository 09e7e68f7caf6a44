//! Specs as Markdown, for people to read: as files in the repository, and as one document.
//!
//! All text of users and agents is untrusted: it is escaped so that it cannot break out of its cell,
//! list item, quote or code block. The same input yields the same bytes.

mod design;
mod explore;
mod markdown;
mod requirements;
mod tasks;
mod whole;

pub use whole::document;

use std::fmt::Display;

use crate::artifact::{Assumption, Priority, Question, RequirementId, SyncOutput};
use crate::spec::Spec;
use crate::sync::{Outputs, RenderedFile};
use markdown::{Document, Form, cell, code, line};

/// Renders `requirements.md`, `design.md` and `tasks.md`.
#[must_use]
pub fn markdown(spec: &Spec, outputs: &Outputs, sync: &SyncOutput) -> Vec<RenderedFile> {
    [
        ("requirements.md", requirements::render(spec, outputs, sync)),
        ("design.md", design::render(spec, outputs)),
        ("tasks.md", tasks::render(spec, outputs, sync)),
    ]
    .into_iter()
    .map(|(name, mut document)| {
        footer(spec, &mut document);
        RenderedFile {
            name: name.to_owned(),
            text: document.into_text(),
        }
    })
    .collect()
}

fn footer(spec: &Spec, document: &mut Document) {
    let commit = spec.commit.as_ref().map_or_else(String::new, |commit| {
        format!(" from commit {}", code(commit.as_str()))
    });
    let agent = code(spec.agent.as_str());
    document.block("---");
    document.block(&format!(
        "Made by agent {agent}{commit} for spec {}. Checks, order and coverage are computed.",
        code(&spec.id.to_string())
    ));
}

/// Links to requirements, wherever they are named.
fn requirement_links<'a>(form: Form, ids: impl IntoIterator<Item = &'a RequirementId>) -> String {
    links(form.file("requirements.md"), ids)
}

/// Links to ids in `file`, one after the other.
fn links(file: &str, ids: impl IntoIterator<Item = impl Display>) -> String {
    let link = |id: String| format!("[{}]({file}#{})", cell(&id), anchor(&id));
    let links: Vec<_> = ids.into_iter().map(|id| link(id.to_string())).collect();
    links.join(", ")
}

/// The anchor of an id: letters, digits and `-` only, so that it needs no escaping anywhere.
fn anchor(id: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    id.chars()
        .filter(safe)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// A place that links lead to.
fn target(id: &str) -> String {
    format!("<a id=\"{}\"></a>", anchor(id))
}

fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "Critical",
        Priority::High => "High",
        Priority::Medium => "Medium",
        Priority::Low => "Low",
    }
}

/// A heading with a list below it; nothing when there is nothing to list.
fn list(document: &mut Document, heading: &str, items: &[String]) {
    if !items.is_empty() {
        document.heading(2, heading);
        document.bullets(items.iter().map(|item| line(item)));
    }
}

fn assumptions(document: &mut Document, assumptions: &[Assumption]) {
    if assumptions.is_empty() {
        return;
    }
    document.heading(2, "Assumptions");
    document.bullets(assumptions.iter().map(|assumption| {
        let text = line(&assumption.text);
        if assumption.basis.trim().is_empty() {
            text
        } else {
            format!("{text} *({})*", line(&assumption.basis))
        }
    }));
}

fn questions(document: &mut Document, questions: &[Question]) {
    if questions.is_empty() {
        return;
    }
    document.heading(2, "Questions");
    document.bullets(questions.iter().map(|question| {
        let mut item = format!(
            "**{}** {}",
            line(question.id.as_str()),
            line(&question.text)
        );
        if !question.why.trim().is_empty() {
            item.push(' ');
            item.push_str(&line(&question.why));
        }
        if let Some(default) = &question.default {
            item.push_str(" Until it is answered: ");
            item.push_str(&line(default));
        }
        item
    }));
}

fn notes(document: &mut Document, notes: &str) {
    if !notes.trim().is_empty() {
        document.heading(2, "Notes");
        document.prose(notes);
    }
}

/// A number of hours without needless digits.
fn hours(hours: f64) -> String {
    let rounded = format!("{hours:.1}");
    let rounded = rounded.strip_suffix(".0").unwrap_or(&rounded);
    format!("{rounded} h")
}

#[cfg(test)]
mod tests;
