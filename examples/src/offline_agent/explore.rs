//! EXPLORE: what is in the repository and what of it matters for the idea.

mod key_files;
mod questions;

pub(crate) use questions::open as open_questions;

use std::collections::BTreeSet;

use spec_core::artifact::{Assumption, ExistingModel, ExploreOutput, FeatureSummary, RelatedFile};

use super::conventions::{conventions, patterns, plural, structure};
use super::idea::Idea;
use super::rank::{Hit, Index};
use super::survey::Survey;
use super::words::{capitalised, keywords, one_line, series, stem, words};
use super::{NOTE, progress::Progress};
use key_files::key_files;

const MAX_RELATED: usize = 12;
const MAX_MODELS: usize = 20;

pub(crate) fn explore(
    survey: &Survey,
    idea: &Idea,
    index: &Index<'_>,
    progress: &mut Progress<'_>,
) -> ExploreOutput {
    let query = query(idea);
    let hits = index.search(&query);
    progress.say(
        700,
        format!(
            "Ranked {} {} by the words of the idea",
            hits.len(),
            plural(hits.len(), "file", "files")
        ),
    );
    let conventions = conventions(&survey.repository, &survey.project, &survey.testing);
    let key_files = key_files(survey, &hits);
    if let Some(first) = key_files.first() {
        progress.file(800, format!("Most relevant: {}", first.path));
    }
    ExploreOutput {
        codebase_summary: summary(survey),
        project_type: project_type(survey),
        tech_stack: tech_stack(survey),
        structure: structure(&survey.repository),
        key_files,
        relevant_patterns: patterns(&survey.repository, &survey.frameworks),
        existing_models: relevant_models(survey, &query),
        conventions,
        entry_points: survey.entry_points.clone(),
        test_structure: survey.testing.summary.clone(),
        discovery_questions: questions::discovery(survey, idea),
        feature_summary: feature_summary(survey, idea),
        related_to_feature: related(idea, &hits),
        notes: notes(survey, idea),
        questions: questions::open(idea),
        assumptions: assumptions(survey),
    }
}

/// Words by which files are ranked: those of the features first, then those of the title.
pub(crate) fn query(idea: &Idea) -> Vec<String> {
    let mut seen = BTreeSet::new();
    idea.features
        .iter()
        .flat_map(|feature| {
            keywords(&feature.name)
                .into_iter()
                .chain(keywords(&feature.source))
        })
        .chain(keywords(&idea.title))
        .chain(idea.context.iter().flat_map(|text| keywords(text)))
        .filter(|word| seen.insert(word.clone()))
        .take(120)
        .collect()
}

fn summary(survey: &Survey) -> String {
    let project = &survey.project;
    let files = survey.repository.files.len();
    let name = project.name.as_deref().unwrap_or("This repository");
    let mut text = vec![format!("{name} is a {}", project_type(survey))];
    if files == 0 {
        return "The repository holds no files that could be read.".to_owned();
    }
    text.push(format!(" of {files} {}", plural(files, "file", "files")));
    let code: Vec<String> = project
        .languages
        .iter()
        .take(4)
        .map(|(name, lines)| format!("{name} ({lines} {})", plural(*lines, "line", "lines")))
        .collect();
    if !code.is_empty() {
        text.push(format!(", mostly {}", series(&code)));
    }
    text.push(".".to_owned());
    if let Some(about) = &project.about {
        text.push(format!(" Its readme says: “{}”", one_line(about, 240)));
    }
    if !survey.frameworks.is_empty() {
        let names: Vec<&str> = survey
            .frameworks
            .iter()
            .take(8)
            .map(|framework| framework.name)
            .collect();
        text.push(format!(" It builds on {}.", series(&names)));
    }
    let starts = survey.entry_points.len();
    if starts > 0 {
        text.push(format!(
            " Execution starts in {starts} known {}.",
            plural(starts, "place", "places")
        ));
    }
    text.push(format!(" {}", capitalised(&survey.testing.summary)));
    text.concat()
}

fn project_type(survey: &Survey) -> String {
    let noun = survey.project.kind.noun();
    match survey.project.main_language {
        Some(language) => format!("{language} {noun}"),
        None => "repository without source code".to_owned(),
    }
}

fn tech_stack(survey: &Survey) -> Vec<String> {
    let mut stack: Vec<String> = Vec::new();
    let languages = survey
        .project
        .languages
        .iter()
        .take(8)
        .map(|(name, _)| (*name).to_owned());
    let frameworks = survey
        .frameworks
        .iter()
        .map(|framework| framework.name.to_owned());
    let tools = survey
        .manifests
        .iter()
        .map(|manifest| manifest.ecosystem.tool().to_owned());
    for item in languages.chain(frameworks).chain(tools) {
        if !stack.contains(&item) {
            stack.push(item);
        }
    }
    stack
}

fn relevant_models(survey: &Survey, query: &[String]) -> Vec<ExistingModel> {
    let relevance = |model: &ExistingModel| {
        let names = words(&model.name)
            .into_iter()
            .chain(model.fields.iter().flat_map(|field| words(field)));
        names.filter(|word| query.contains(&stem(word))).count()
    };
    let mut ranked: Vec<&ExistingModel> = survey.models.iter().collect();
    ranked.sort_by_key(|model| (std::cmp::Reverse(relevance(model)), model.fields.is_empty()));
    ranked.into_iter().take(MAX_MODELS).cloned().collect()
}

fn related(idea: &Idea, hits: &[Hit<'_>]) -> Vec<RelatedFile> {
    hits.iter()
        .take(MAX_RELATED)
        .filter_map(|hit| {
            let evidence = hit.evidence()?;
            let used: Vec<String> = said(idea, hit)
                .into_iter()
                .map(|word| format!("“{word}”"))
                .collect();
            let relevance = if used.is_empty() {
                "Speaks of what the idea is about.".to_owned()
            } else {
                format!(
                    "Shares {} {} with the idea.",
                    plural(used.len(), "the word", "the words"),
                    series(&used)
                )
            };
            Some(RelatedFile {
                name: hit.file.name().to_owned(),
                file: hit.file.path.clone(),
                relevance,
                evidence: vec![evidence],
            })
        })
        .collect()
}

/// The words of the idea, as typed there, that the file shares.
fn said(idea: &Idea, hit: &Hit<'_>) -> Vec<String> {
    let text: Vec<&str> = idea
        .features
        .iter()
        .map(|feature| feature.source.as_str())
        .chain([idea.title.as_str()])
        .collect();
    let mut found: Vec<String> = Vec::new();
    for word in text
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
    {
        let lower = word.to_lowercase();
        if hit.words.contains(&stem(&lower)) && !found.contains(&lower) && found.len() < 4 {
            found.push(lower);
        }
    }
    found
}

fn feature_summary(survey: &Survey, idea: &Idea) -> FeatureSummary {
    let names: Vec<&str> = idea
        .features
        .iter()
        .take(6)
        .map(|feature| feature.name.as_str())
        .collect();
    let system = survey.project.system();
    let problem = if idea.context.is_empty() {
        format!(
            "The idea asks for {} in {system}; whether part of that is there already is for a reader of the related files to judge.",
            series(&names)
        )
    } else {
        format!("{}.", idea.context.join(". "))
    };
    let mut constraints: Vec<String> = survey
        .project
        .main_language
        .map(|language| format!("The code is written in {language}."))
        .into_iter()
        .collect();
    constraints.extend(
        survey
            .frameworks
            .iter()
            .take(4)
            .map(|f| format!("{} {} ({}).", f.name, f.role.describe(), f.evidence.path)),
    );
    let mut risks = vec![
        "The draft follows rules and does not understand the code; a person has to confirm it."
            .to_owned(),
    ];
    if survey.testing.command.is_none() || survey.testing.summary.starts_with("No tests") {
        risks.push("No tests were found that would show a regression.".to_owned());
    }
    FeatureSummary {
        name: capitalised(&one_line(&idea.title, 80)),
        one_liner: format!("{} in {system}.", capitalised(&series(&names))),
        problem_statement: problem,
        scope_in: idea
            .features
            .iter()
            .map(super::idea::Feature::title)
            .collect(),
        scope_out: idea.excluded.clone(),
        technical_constraints: constraints,
        risks_identified: risks,
        success_metrics: vec!["Every acceptance criterion of the requirements is met.".to_owned()],
    }
}

fn notes(survey: &Survey, idea: &Idea) -> String {
    let mut notes = vec![NOTE.to_owned()];
    if survey.repository.left_out > 0 {
        notes.push(format!(
            " {} files beyond the bound of the scan were not read.",
            survey.repository.left_out
        ));
    }
    if idea.left_out > 0 {
        notes.push(format!(
            " The idea holds {} further wishes than this draft covers.",
            idea.left_out
        ));
    }
    notes.concat()
}

fn assumptions(survey: &Survey) -> Vec<Assumption> {
    survey
        .manifests
        .first()
        .map(|manifest| Assumption {
            text: format!(
                "The change keeps to {} as its build tool.",
                manifest.ecosystem.tool()
            ),
            basis: format!("`{}` is the build file nearest to the root.", manifest.path),
        })
        .into_iter()
        .collect()
}
