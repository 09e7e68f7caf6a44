//! Components over the files that are there and the files that will be.

use std::collections::BTreeSet;

use spec_core::artifact::{Component, Interface, RequirementId, TestingStrategy};

use crate::offline_agent::groups::Group;
use crate::offline_agent::placement::{Placement, camel, pascal};
use crate::offline_agent::rank::Hit;
use crate::offline_agent::survey::Survey;
use crate::offline_agent::words::series;

/// The components as they are laid out, feature by feature.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) components: Vec<Component>,
    placements: Vec<(String, Placement)>,
    pub(super) taken: BTreeSet<String>,
}

impl Plan {
    pub(super) fn feature(
        &mut self,
        survey: &Survey,
        group: &Group,
        tasks: &str,
        hits: &[Hit<'_>],
        placement: Placement,
    ) {
        let related = hits.iter().find(|hit| {
            hit.file.is_code()
                && !hit.file.is_test()
                && !hit.file.is_secondary()
                && hit.words.iter().any(|word| group.words.contains(word))
        });
        let mut dependencies = Vec::new();
        if let Some(hit) = related {
            let shared: Vec<String> = hit
                .evidence()
                .map(|evidence| {
                    format!(
                        "line {}: `{}`",
                        evidence.line,
                        evidence.excerpt.replace('`', "'")
                    )
                })
                .into_iter()
                .collect();
            let description = if shared.is_empty() {
                format!("Its words are close to those of {}.", group.said())
            } else {
                format!("Closest to {}: {}.", group.said(), series(&shared))
            };
            self.existing(&hit.file.path, &description, &group.requirements);
            dependencies.push(hit.file.path.clone());
        }
        let words = group.stem_words();
        let documented = survey.project.main_language.is_none();
        self.components.push(Component {
            name: self.free_name(&group.name),
            kind: if documented { "document" } else { "module" }.to_owned(),
            file_path: placement.path.clone(),
            exists: false,
            description: if documented {
                format!("New document about {}.", group.said())
            } else {
                format!("New source file for {}.", group.said())
            },
            responsibility: if documented {
                format!(
                    "Holds the agreed behaviour of {} until a language is chosen.",
                    group.said()
                )
            } else if tasks.is_empty() {
                format!("Meets the requirements for {}.", group.said())
            } else {
                tasks.to_owned()
            },
            interfaces: if documented {
                Vec::new()
            } else {
                vec![interface(survey, &words, group)]
            },
            dependencies,
            requirements: group.requirements.clone(),
        });
        self.placements.push((group.name.clone(), placement));
    }

    fn free_name(&self, name: &str) -> String {
        let taken = |candidate: &str| {
            self.components
                .iter()
                .any(|component| component.name == candidate)
        };
        let mut free = name.to_owned();
        let mut number = 2;
        while taken(&free) {
            free = format!("{name} ({number})");
            number += 1;
        }
        free
    }

    fn existing(&mut self, path: &str, description: &str, requirements: &[RequirementId]) {
        if let Some(known) = self
            .components
            .iter_mut()
            .find(|component| component.name == path)
        {
            for requirement in requirements {
                if !known.requirements.contains(requirement) {
                    known.requirements.push(requirement.clone());
                }
            }
            return;
        }
        self.components.push(Component {
            name: path.to_owned(),
            kind: "existing file".to_owned(),
            file_path: path.to_owned(),
            exists: true,
            description: description.to_owned(),
            responsibility: "Keeps its task and changes only where the new files need it."
                .to_owned(),
            interfaces: Vec::new(),
            dependencies: Vec::new(),
            requirements: requirements.to_vec(),
        });
    }

    /// Makes the new parts reachable from the first entry point that is source code.
    pub(super) fn connect(&mut self, survey: &Survey) {
        let entry = survey.entry_points.iter().find(|entry| {
            survey
                .repository
                .file(&entry.path)
                .is_some_and(|file| file.is_code() && !file.is_secondary())
                && survey.project.main_language.is_some_and(|language| {
                    survey
                        .repository
                        .file(&entry.path)
                        .is_some_and(|file| file.is_in(language))
                })
        });
        let Some(entry) = entry else { return };
        let all: Vec<RequirementId> = self
            .components
            .iter()
            .filter(|c| !c.exists)
            .flat_map(|c| c.requirements.clone())
            .collect();
        let new: Vec<String> = self
            .components
            .iter()
            .filter(|c| !c.exists)
            .map(|c| c.name.clone())
            .collect();
        self.existing(&entry.path, &format!("{}.", entry.description), &all);
        for component in &mut self.components {
            // The entry point uses the new parts, so they do not use it.
            component.dependencies.retain(|name| *name != entry.path);
            if component.name == entry.path {
                component.dependencies.clone_from(&new);
                "Calls the new files from where execution starts."
                    .clone_into(&mut component.responsibility);
            }
        }
    }

    pub(super) fn integration_points(&self) -> Vec<String> {
        self.components
            .iter()
            .filter(|component| component.exists)
            .map(|component| format!("`{}`: {}", component.file_path, component.responsibility))
            .collect()
    }

    pub(super) fn testing(&self, survey: &Survey) -> TestingStrategy {
        let unit = self
            .placements
            .iter()
            .map(|(name, placement)| match &placement.test_path {
                Some(path) => format!("{name}: each acceptance criterion is one test in `{path}`."),
                None => format!(
                    "{name}: a reviewer compares `{}` with the acceptance criteria.",
                    placement.path
                ),
            });
        let integration = match &survey.testing.command {
            Some(command) => {
                format!("`{command}` passes with the tests that exist and the new ones.")
            }
            None => {
                "The existing behaviour is checked by hand, because no way to run tests was found."
                    .to_owned()
            }
        };
        TestingStrategy {
            unit_tests: unit.collect(),
            integration_tests: vec![integration],
        }
    }
}

fn interface(survey: &Survey, words: &[String], group: &Group) -> Interface {
    let method = match survey.project.main_language.unwrap_or_default() {
        "JavaScript" | "TypeScript" | "Java" | "Kotlin" | "Swift" | "PHP" | "Dart" | "Vue"
        | "Svelte" => camel(words),
        "Go" | "C#" => pascal(words),
        _ => words.join("_"),
    };
    Interface {
        method,
        inputs: format!(
            "What {} needs to know; it is checked before use.",
            group.said()
        ),
        outputs: "The outcome, or an error that names its cause.".to_owned(),
    }
}
