//! One text for several items, each of which must say something of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::field::{Field, Role};
use super::words::{Print, print, without_quotes};
use crate::agent::built_in_instructions;
use crate::artifact::{DesignOutput, PhaseOutput, Requirement, RequirementsOutput, TasksOutput};
use crate::check::Earlier;
use crate::finding::{Finding, Findings, shown};

/// A text of fewer words, such as "The tests pass.", may be said of many things.
const MIN_WORDS: usize = 4;
/// So many items with one text are a copy, when they are also most of their list.
const MIN_COPIES: usize = 3;
/// A sentence of a prompt with fewer words may be anybody's own.
const MIN_SENTENCE_WORDS: usize = 8;

fn push(findings: &mut Findings, at: String, message: String, fix: &str) {
    findings.push(Finding::error("content.copy", at, message).with_fix(fix));
}

/// A sentence of the built-in prompts that a text holds.
pub(super) fn of_instructions(field: &Field<'_>) -> Option<Finding> {
    static SENTENCES: LazyLock<BTreeSet<Print>> = LazyLock::new(|| {
        let texts: Vec<&str> = built_in_instructions().collect();
        let prints = texts.iter().flat_map(|text| sentences(text)).map(print);
        prints
            .filter(|print| print.words >= MIN_SENTENCE_WORDS)
            .collect()
    });
    if field.repository || field.role == Role::Label {
        return None;
    }
    let text = without_quotes(field.text);
    let copied = sentences(&text).find(|sentence| SENTENCES.contains(&print(sentence)))?;
    let message = format!(
        "holds a sentence of the instructions: {}",
        shown(copied.trim(), 80)
    );
    let fix = "write what is so for this idea; the instructions only say how to go about it";
    Some(Finding::error("content.copy", field.at, message).with_fix(fix))
}

/// The sentences of a text: up to a mark that ends one, a blank line or an item of a list.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
        .flat_map(|paragraph| paragraph.split("\n- "))
        .flat_map(|item| item.split(". "))
        .flat_map(|part| part.split(".\n"))
        .flat_map(|part| part.split(['!', '?', ';']))
}

pub(super) fn find(output: &PhaseOutput, earlier: &Earlier<'_>, findings: &mut Findings) {
    match output {
        PhaseOutput::Requirements(output) => requirements(output, findings),
        PhaseOutput::Design(output) => design(output, findings),
        PhaseOutput::Tasks(output) => tasks(output, earlier, findings),
        // Every claim of EXPLORE is looked up, and SYNC is computed.
        PhaseOutput::Explore(_) | PhaseOutput::Sync(_) => {}
    }
}

fn requirements(output: &RequirementsOutput, findings: &mut Findings) {
    shared_criteria(&output.requirements, findings);
    for (index, requirement) in output.requirements.iter().enumerate() {
        let text = print(&requirement.text);
        let criteria = &requirement.acceptance_criteria;
        let restates = |criterion: &str| text.words >= MIN_WORDS && print(criterion) == text;
        if !criteria.is_empty() && criteria.iter().all(|criterion| restates(&criterion.text)) {
            push(
                findings,
                format!("/requirements/{index}/acceptance_criteria"),
                "say the requirement again, word for word".to_owned(),
                "say how one sees that it is met: one trigger and one observable response",
            );
        }
    }
}

/// Requirements that have no criterion of their own, when those are most of them.
fn shared_criteria(requirements: &[Requirement], findings: &mut Findings) {
    let mut users: BTreeMap<Print, usize> = BTreeMap::new();
    let prints: Vec<BTreeSet<Print>> = requirements
        .iter()
        .map(|requirement| {
            let criteria = requirement.acceptance_criteria.iter();
            criteria.map(|criterion| print(&criterion.text)).collect()
        })
        .collect();
    for print in prints.iter().flatten() {
        *users.entry(*print).or_default() += 1;
    }
    let is_shared = |print: &Print| {
        print.words >= MIN_WORDS && users.get(print).is_some_and(|users| *users >= MIN_COPIES)
    };
    let bare: Vec<usize> = prints
        .iter()
        .enumerate()
        .filter(|(_, own)| !own.is_empty() && own.iter().all(is_shared))
        .map(|(index, _)| index)
        .collect();
    if bare.len() >= MIN_COPIES && bare.len() * 2 > requirements.len() {
        for index in &bare {
            let message = format!(
                "{} of {} requirements have only criteria that others have too",
                bare.len(),
                requirements.len()
            );
            push(
                findings,
                format!("/requirements/{index}/acceptance_criteria"),
                message,
                "say how one sees that this requirement is met, and not any other",
            );
        }
    }
}

fn design(output: &DesignOutput, findings: &mut Findings) {
    let responsibilities = output.components.iter().map(|item| &item.responsibility);
    repeated(
        responsibilities,
        |index| format!("/components/{index}/responsibility"),
        "name the one thing that only this component is responsible for",
        findings,
    );
    repeated(
        output.decisions.iter().map(|item| &item.rationale),
        |index| format!("/decisions/{index}/rationale"),
        "say why this was chosen and not one of its alternatives",
        findings,
    );
}

fn tasks(output: &TasksOutput, earlier: &Earlier<'_>, findings: &mut Findings) {
    repeated(
        output.tasks.iter().map(|task| &task.title),
        |index| format!("/tasks/{index}/title"),
        "name what this task does and no other",
        findings,
    );
    repeated(
        output.tasks.iter().map(|task| &task.description),
        |index| format!("/tasks/{index}/description"),
        "say what is to be done in this task and no other",
        findings,
    );
    let Some(requirements) = earlier.requirements else {
        return;
    };
    let texts: BTreeSet<Print> = requirements
        .requirements
        .iter()
        .map(|requirement| print(&requirement.text))
        .filter(|print| print.words >= MIN_WORDS)
        .collect();
    let copied: Vec<usize> = output
        .tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| texts.contains(&print(&task.description)))
        .map(|(index, _)| index)
        .collect();
    if copied.len() >= 2 && copied.len() * 2 > output.tasks.len() {
        for index in &copied {
            push(
                findings,
                format!("/tasks/{index}/description"),
                format!(
                    "is the text of a requirement, as in {} of {} tasks",
                    copied.len(),
                    output.tasks.len()
                ),
                "say what is to be done, and in which files, so that the requirement is met",
            );
        }
    }
}

/// One finding for each item whose text most items of its list have.
fn repeated<'a>(
    texts: impl Iterator<Item = &'a String>,
    at: impl Fn(usize) -> String,
    fix: &str,
    findings: &mut Findings,
) {
    let mut places: BTreeMap<Print, Vec<usize>> = BTreeMap::new();
    let mut count = 0;
    for (index, text) in texts.enumerate() {
        count += 1;
        let print = print(text);
        if print.words >= MIN_WORDS {
            places.entry(print).or_default().push(index);
        }
    }
    let is_copy = |same: &&Vec<usize>| same.len() >= MIN_COPIES && same.len() * 2 > count;
    for same in places.values().filter(is_copy) {
        for index in same {
            let message = format!("says the same as {} others of {count}", same.len() - 1);
            push(findings, at(*index), message, fix);
        }
    }
}
