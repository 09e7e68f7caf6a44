//! The task in words, from the templates in `prompts/`.

mod data;
mod needed;
mod template;

use std::collections::BTreeMap;

use super::AgentContext;
use crate::finding::{Finding, Severity, shown};
use crate::id::ContentHash;
use crate::invalid_input::InvalidInput;
use crate::phase::Phase;
use data::{cut, fenced};
use template::Template;

/// Rule of the finding that says that a run was ended from outside before it handed over a result.
pub(crate) const INTERRUPTED: &str = "agent.interrupted";
/// Findings that a prompt lists; more do not help.
const MAX_LISTED: usize = 50;
/// Characters of a finding's message, and of what it says to do, in that list.
const MAX_MESSAGE_CHARS: usize = 600;
const MAX_FIX_CHARS: usize = 300;

/// How an agent hands over its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// It writes `result.json` into the folder that `SPEC_RUN_DIR` names.
    File,
    /// It calls the tool `StructuredOutput` of its program. Where there is no such tool it writes
    /// the file of [`File`](Self::File).
    StructuredOutput,
    /// Its last message is the document and nothing else.
    LastMessage,
}

/// The templates of which prompts are made.
///
/// The default is the built-in set. A host replaces a template with one of the `with_…` methods.
/// In a template, a name of lower-case letters and `_` between braces is a placeholder; it is
/// replaced once, and what it is replaced by is not searched for placeholders.
///
/// Each `with_…` method refuses a template that is blank, longer than
/// [`MAX_TEMPLATE_BYTES`](Self::MAX_TEMPLATE_BYTES), has a placeholder that is unknown or stands
/// twice, or lacks one that is required. The error names the template and the placeholder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PromptSet {
    /// What differs from the built-in templates.
    replaced: BTreeMap<Template, String>,
}

impl PromptSet {
    /// Version of the built-in templates. It rises with every change of one.
    pub const VERSION: &str = "3";
    /// The longest template, in bytes.
    pub const MAX_TEMPLATE_BYTES: usize = 32 * 1024;

    /// Replaces the frame of all tasks. Required placeholders: `title`, `description`, `outputs`
    /// (what is needed of earlier results), `task` (the text of the phase), `findings` (what was
    /// wrong before, what a person asked to be done differently, and what was handed over then),
    /// `result` (how to hand over). Optional: `phase`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_common(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Common, text)
    }

    /// Replaces the text of a phase. It has no placeholders.
    ///
    /// # Errors
    ///
    /// When the template cannot be used, or the phase is SYNC, in which no agent is asked.
    pub fn with_phase(self, phase: Phase, text: impl Into<String>) -> Result<Self, InvalidInput> {
        let Some(template) = Template::of_phase(phase) else {
            let reason = "SYNC is computed; no agent is asked, so it has no prompt";
            return Err(InvalidInput::new("prompts.sync", reason));
        };
        self.with(template, text)
    }

    /// Replaces the text that says how to hand over. It has no placeholders.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_result(
        self,
        delivery: Delivery,
        text: impl Into<String>,
    ) -> Result<Self, InvalidInput> {
        self.with(Template::of_delivery(delivery), text)
    }

    /// Replaces the section of one earlier result. Required placeholders: `phase`, `output`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_earlier(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Earlier, text)
    }

    /// Replaces the section that tells a fresh session what was wrong before. Required
    /// placeholder: `findings`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_refused(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Refused, text)
    }

    /// Replaces the section that says what a person asked to be done differently. Required
    /// placeholder: `feedback`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_feedback(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Feedback, text)
    }

    /// Replaces the section that shows a fresh session what was refused. Required placeholder:
    /// `previous`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_previous(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Previous, text)
    }

    /// Replaces the message to a session whose result was refused. Required placeholders:
    /// `findings`, `result`. Optional: `phase`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_repair(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Repair, text)
    }

    /// Replaces the message to a session that was interrupted. Required placeholder: `result`.
    /// Optional: `phase`.
    ///
    /// # Errors
    ///
    /// When the template cannot be used.
    pub fn with_interrupted(self, text: impl Into<String>) -> Result<Self, InvalidInput> {
        self.with(Template::Interrupted, text)
    }

    fn with(mut self, template: Template, text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = text.into();
        template.check(&text)?;
        if text == template.built_in() {
            self.replaced.remove(&template);
        } else {
            self.replaced.insert(template, text);
        }
        Ok(self)
    }

    /// [`VERSION`](Self::VERSION), followed by `+custom` when a template was replaced.
    #[must_use]
    pub fn version(&self) -> String {
        let custom = if self.replaced.is_empty() {
            ""
        } else {
            "+custom"
        };
        format!("{}{custom}", Self::VERSION)
    }

    /// Hash of all templates, replaced ones included.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        let all = Template::ALL.map(|template| {
            let text = self.text(template);
            // With its length in front, no text can be taken for another template.
            format!("{} {}\n{text}\n", template.field(), text.len())
        });
        ContentHash::of(all.concat().as_bytes())
    }

    /// The whole prompt, for a session that knows nothing yet. The user's words stand in it exactly
    /// as typed; everything that is no text of a template stands between lines that it does not hold.
    #[must_use]
    pub fn task(&self, context: &AgentContext, delivery: Delivery) -> String {
        let task = Template::of_phase(context.phase).map_or("", |template| self.text(template));
        let mut outputs = String::new();
        for (of, output) in &context.outputs {
            let needed = needed::needed(context.phase, *of, output);
            if !needed.is_null() {
                outputs.push_str(&self.fill(Template::Earlier, |name| match name {
                    "phase" => Some(of.to_string()),
                    "output" => Some(fenced(&needed::text(&needed))),
                    _ => None,
                }));
            }
        }
        let mut findings = String::new();
        // A fresh session was not interrupted, and there is nothing that it could correct.
        if !is_interruption(&context.findings) {
            findings.push_str(&self.fill(Template::Refused, |name| {
                (name == "findings").then(|| fenced(&listed(&context.findings)))
            }));
        }
        if !context.feedback.is_empty() {
            let feedback: Vec<String> = context.feedback.iter().map(|text| fenced(text)).collect();
            findings.push_str(&self.fill(Template::Feedback, |name| {
                (name == "feedback").then(|| feedback.join("\n\n"))
            }));
        }
        if let Some(previous) = &context.previous {
            findings.push_str(&self.fill(Template::Previous, |name| {
                (name == "previous")
                    .then(|| fenced(&cut(previous, AgentContext::MAX_PREVIOUS_BYTES)))
            }));
        }
        self.fill(Template::Common, |name| match name {
            "phase" => Some(context.phase.as_str().to_uppercase()),
            "title" => Some(fenced(context.title.as_str())),
            "description" => Some(fenced(context.description.as_str())),
            "task" => Some(task.trim_end().to_owned()),
            "outputs" => Some(outputs.clone()),
            "findings" => Some(findings.clone()),
            "result" => Some(self.result(delivery)),
            _ => None,
        })
    }

    /// The message to a session that has the task already: what was refused and why, or that it was
    /// interrupted, when nothing was refused.
    #[must_use]
    pub fn repair(&self, context: &AgentContext, delivery: Delivery) -> String {
        let template = if is_interruption(&context.findings) {
            Template::Interrupted
        } else {
            Template::Repair
        };
        self.fill(template, |name| match name {
            "phase" => Some(context.phase.as_str().to_uppercase()),
            "findings" => Some(fenced(&listed(&context.findings))),
            "result" => Some(self.result(delivery)),
            _ => None,
        })
    }

    fn result(&self, delivery: Delivery) -> String {
        let text = self.text(Template::of_delivery(delivery));
        text.trim_end().to_owned()
    }

    fn text(&self, template: Template) -> &str {
        let replaced = self.replaced.get(&template);
        replaced.map_or(template.built_in(), String::as_str)
    }

    fn fill(&self, template: Template, value: impl Fn(&str) -> Option<String>) -> String {
        template::fill(self.text(template), value)
    }
}

/// The built-in templates, whose sentences no result has a reason to hold.
pub(crate) fn built_in_instructions() -> impl Iterator<Item = &'static str> {
    Template::ALL.into_iter().map(Template::built_in)
}

/// True when nothing was refused.
fn is_interruption(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.rule == INTERRUPTED)
}

/// One line a finding: errors first, and at the end how many are not listed.
fn listed(findings: &[Finding]) -> String {
    let of = |severity| {
        findings
            .iter()
            .filter(move |finding| finding.severity == severity)
    };
    let all = of(Severity::Error).chain(of(Severity::Warning));
    let mut lines: Vec<String> = all.take(MAX_LISTED).map(line).collect();
    if findings.len() > lines.len() {
        let more = findings.len() - lines.len();
        lines.push(format!(
            "- and {more} more; all are in `context.json` under `findings`"
        ));
    }
    lines.join("\n")
}

fn line(finding: &Finding) -> String {
    let mark = match finding.severity {
        Severity::Error => "",
        Severity::Warning => "advice: ",
    };
    let what = shown(&finding.to_string(), MAX_MESSAGE_CHARS);
    let fix = shown(&finding.fix, MAX_FIX_CHARS);
    let to_do = if fix.is_empty() { "" } else { "; to do: " };
    format!("- {mark}{what}{to_do}{fix}")
}

#[cfg(test)]
mod tests;
