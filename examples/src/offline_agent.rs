//! An agent that follows rules and asks no language model: it reads the repository, takes the idea
//! apart and drafts the outputs of EXPLORE, REQUIREMENTS, DESIGN and TASKS.
//!
//! The same repository and idea give the same outputs, byte for byte. What it writes is a draft for
//! a person to correct; it says so in the `notes` of every output.

mod cli;
mod conventions;
mod design;
mod entry_points;
mod explore;
mod feedback;
mod groups;
mod idea;
mod ids;
mod languages;
mod manifests;
mod models;
mod placement;
mod progress;
mod project;
mod protocol;
mod rank;
mod repair;
mod requirements;
#[cfg(test)]
mod samples;
mod scan;
mod stack;
mod survey;
mod tasks;
mod words;

pub use cli::main;
pub use protocol::{Failure, RunDir};

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use spec_core::Phase;
use spec_core::artifact::{DesignOutput, PhaseOutput, RequirementsOutput};
use spec_core::event::ProgressItem;
use spec_core::spec::{Description, Title};

use idea::{Idea, read_idea};
use progress::Progress;
use rank::Index;
use survey::Survey;

const NOTE: &str = "Drafted by rules from the words of the idea and the files of the repository; no language model was used.";

/// What is to be drafted, and from what.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The title of the idea.
    pub title: &'a Title,
    /// The idea, as typed.
    pub description: &'a Description,
    /// The checked-out repository.
    pub repository: &'a Path,
    /// Outputs of the phases before. Those that are missing are drafted as well.
    pub outputs: &'a BTreeMap<Phase, Value>,
}

/// Why there is no draft.
#[derive(Debug)]
pub enum DraftError {
    /// There is no rule for this phase.
    UnsupportedPhase(Phase),
    /// The output of a phase before does not have its shape.
    Input(Phase, serde_json::Error),
    /// The draft could not be written as JSON.
    Output(serde_json::Error),
}

impl std::fmt::Display for DraftError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnsupportedPhase(phase) => write!(
                f,
                "the offline agent does not draft the phase `{phase}`; it drafts explore, requirements, design and tasks"
            ),
            Self::Input(phase, _) => write!(
                f,
                "the output of `{phase}` does not have the expected shape"
            ),
            Self::Output(_) => f.write_str("the draft cannot be written as JSON"),
        }
    }
}

impl std::error::Error for DraftError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::UnsupportedPhase(_) => None,
            Self::Input(_, error) | Self::Output(error) => Some(error),
        }
    }
}

/// Drafts the output of a phase and tells `listener` what it does meanwhile.
///
/// # Errors
///
/// When there is no rule for the phase, or the outputs of earlier phases cannot be read.
pub fn draft(
    phase: Phase,
    request: &Request<'_>,
    listener: &mut dyn FnMut(ProgressItem),
) -> Result<Value, DraftError> {
    if phase == Phase::Sync {
        return Err(DraftError::UnsupportedPhase(phase));
    }
    let mut progress = Progress::new(listener);
    progress.say(
        10,
        format!("Drafting {phase} by rules, without a language model"),
    );
    let survey = Survey::of(request.repository, &mut progress);
    let idea = read_idea(request.title.as_str(), request.description.as_str());
    progress.say(580, understood(&idea));
    let draft = Draft {
        request,
        survey: &survey,
        idea: &idea,
    };
    let output = match phase {
        Phase::Explore => {
            let index = Index::new(&survey.repository);
            serde_json::to_value(explore::explore(&survey, &idea, &index, &mut progress))
        }
        Phase::Requirements => {
            serde_json::to_value(requirements::requirements(&survey, &idea, &mut progress))
        }
        Phase::Design => {
            serde_json::to_value(draft.design(&draft.requirements(&mut progress)?, &mut progress))
        }
        Phase::Tasks => {
            let requirements = draft.requirements(&mut progress)?;
            let design = match draft.given(Phase::Design)? {
                Some(PhaseOutput::Design(design)) => *design,
                Some(_) | None => draft.design(&requirements, &mut progress),
            };
            serde_json::to_value(tasks::tasks(&survey, &requirements, &design, &mut progress))
        }
        Phase::Sync => return Err(DraftError::UnsupportedPhase(phase)),
    };
    progress.say(980, format!("The draft of {phase} is complete"));
    output.map_err(DraftError::Output)
}

fn understood(idea: &Idea) -> String {
    let names: Vec<&str> = idea
        .features
        .iter()
        .take(4)
        .map(|feature| feature.name.as_str())
        .collect();
    let more = idea.features.len().saturating_sub(names.len());
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!("The idea asks for: {}{more}", names.join("; "))
}

struct Draft<'a> {
    request: &'a Request<'a>,
    survey: &'a Survey,
    idea: &'a Idea,
}

impl Draft<'_> {
    fn given(&self, phase: Phase) -> Result<Option<PhaseOutput>, DraftError> {
        let Some(content) = self.request.outputs.get(&phase) else {
            return Ok(None);
        };
        PhaseOutput::parse(phase, content)
            .map(Some)
            .map_err(|error| DraftError::Input(phase, error))
    }

    fn requirements(&self, progress: &mut Progress<'_>) -> Result<RequirementsOutput, DraftError> {
        if let Some(PhaseOutput::Requirements(output)) = self.given(Phase::Requirements)? {
            return Ok(*output);
        }
        progress.warn(600, "No requirements were handed over; drafting them first");
        Ok(requirements::requirements(self.survey, self.idea, progress))
    }

    fn design(
        &self,
        requirements: &RequirementsOutput,
        progress: &mut Progress<'_>,
    ) -> DesignOutput {
        let index = Index::new(&self.survey.repository);
        design::design(self.survey, requirements, &index, progress)
    }
}

pub use feedback::note_feedback;
pub use repair::{CannotRepair, without_findings};
