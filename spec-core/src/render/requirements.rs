//! `requirements.md`: who wants what, and what the system shall do.

use super::markdown::{Document, Form, cell, line};
use super::{anchor, assumptions, links, list, notes, priority, questions, target};
use crate::artifact::{
    Coverage, Requirement, RequirementCategory, RequirementType, RequirementsOutput, SyncOutput,
    UserStory,
};
use crate::check::ears;
use crate::spec::Spec;
use crate::sync::Outputs;
use crate::text::count;

pub(super) fn render(spec: &Spec, outputs: &Outputs, sync: &SyncOutput) -> Document {
    let output = &outputs.requirements;
    let mut document = Document::new(Form::Files);
    document.heading(1, &format!("{}: requirements", line(spec.title.as_str())));
    document.quote(spec.description.as_str());
    document.block(&format!(
        "{}, {:.0} % designed and planned. See the [design](design.md) and the [tasks](tasks.md).",
        count(output.requirements.len(), "requirement"),
        sync.spec_summary.requirement_coverage_percent.floor()
    ));
    body(&mut document, output, Some(sync));
    document
}

/// The output itself, with what it came to where that is known.
pub(super) fn body(
    document: &mut Document,
    output: &RequirementsOutput,
    sync: Option<&SyncOutput>,
) {
    if !output.user_stories.is_empty() {
        document.heading(2, "User stories");
        document.bullets(output.user_stories.iter().map(story));
    }
    document.heading(2, "Requirements");
    for item in &output.requirements {
        requirement(document, item);
    }
    if let Some(sync) = sync {
        traceability(document, sync);
    }
    assumptions(document, &output.assumptions);
    list(document, "Out of scope", &output.out_of_scope);
    questions(document, &output.questions);
    notes(document, &output.notes);
}

fn story(story: &UserStory) -> String {
    let role = after(&story.role, &["as an ", "as a "]);
    let article = match role.chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('a' | 'e' | 'i' | 'o') => "an",
        Some(_) | None => "a",
    };
    let mut item = format!(
        "**{}** ({}): As {article} {}, I want {}, so that {}.",
        line(story.id.as_str()),
        priority(story.priority),
        line(role),
        line(after(&story.want, &["i want "]).trim_end_matches(['.', ','])),
        line(after(&story.benefit, &["so that "]).trim_end_matches('.')),
    );
    if !story.requirements.is_empty() {
        item.push_str(" → ");
        item.push_str(&links("", &story.requirements));
    }
    item
}

/// The text without a phrase that the sentence around it supplies.
fn after<'a>(text: &'a str, phrases: &[&str]) -> &'a str {
    let text = text.trim();
    let matching = |phrase: &&str| {
        let head = text.get(..phrase.len())?;
        head.eq_ignore_ascii_case(phrase)
            .then(|| text.get(phrase.len()..))?
    };
    phrases.iter().find_map(matching).unwrap_or(text)
}

fn requirement(document: &mut Document, item: &Requirement) {
    document.block(&target(item.id.as_str()));
    document.heading(
        3,
        &format!("{}: {}", line(item.id.as_str()), line(&item.title)),
    );
    document.block(&format!(
        "{} · {} · {}",
        priority(item.priority),
        kind(item.kind),
        category(item.category)
    ));
    document.block(&format!("> {}", emphasised(&item.text)));
    document.bullets(item.acceptance_criteria.iter().map(|criterion| {
        format!(
            "[ ] **{}** {}",
            line(criterion.id.as_str()),
            line(&criterion.text)
        )
    }));
    if !item.dependencies.is_empty() {
        document.block(&format!("Needs {}.", links("", &item.dependencies)));
    }
    if !item.notes.trim().is_empty() {
        document.prose(&item.notes);
    }
}

/// The text with the keywords of its EARS pattern in bold.
fn emphasised(text: &str) -> String {
    let Some(parsed) = ears::parse(text) else {
        return line(text);
    };
    let mut parts = Vec::new();
    let mut from = 0;
    for keyword in parsed.keywords {
        let between = text.get(from..keyword.start).unwrap_or_default();
        let word = text.get(keyword.clone()).unwrap_or_default();
        if between.matches('`').count() % 2 == 1 {
            // A keyword in a code span is none.
            return line(text);
        }
        parts.push(line(between));
        parts.push(format!("**{}**", line(word)));
        from = keyword.end;
    }
    parts.push(line(text.get(from..).unwrap_or_default()));
    let mut out = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !out.is_empty() && !part.starts_with([',', '.', ';', ':']) {
            out.push(' ');
        }
        out.push_str(part);
    }
    out
}

pub(super) fn traceability(document: &mut Document, sync: &SyncOutput) {
    let tasks = document.form().file("tasks.md");
    document.heading(2, "Traceability");
    document.table(
        ["Requirement", "Components", "Tasks", "Covered"],
        sync.coverage_matrix.iter().map(|row| {
            let id = row.requirement_id.as_str();
            [
                format!(
                    "[{}](#{}) {}",
                    cell(id),
                    anchor(id),
                    cell(&row.requirement_title)
                ),
                cell(&row.covered_by_components.join(", ")),
                links(tasks, &row.covered_by_tasks),
                match row.status {
                    Coverage::FullyCovered => "yes",
                    Coverage::PartiallyCovered => "in part",
                    Coverage::NotCovered => "no",
                }
                .to_owned(),
            ]
        }),
    );
}

fn kind(kind: RequirementType) -> &'static str {
    match kind {
        RequirementType::Functional => "functional",
        RequirementType::NonFunctional => "non-functional",
        RequirementType::Constraint => "constraint",
    }
}

fn category(category: RequirementCategory) -> &'static str {
    match category {
        RequirementCategory::Func => "function",
        RequirementCategory::Perf => "performance",
        RequirementCategory::Sec => "security",
        RequirementCategory::Use => "usability",
        RequirementCategory::Rel => "reliability",
        RequirementCategory::Con => "limits",
    }
}
