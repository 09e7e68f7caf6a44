//! What EXPLORE has found, as a part of the whole document.

use super::markdown::{Document, cell, code, line};
use super::{assumptions, list, notes, questions};
use crate::artifact::{
    Conventions, DiscoveryCategory, DiscoveryQuestion, Evidence, ExploreOutput, FeatureSummary,
};

pub(super) fn body(document: &mut Document, output: &ExploreOutput) {
    feature(document, &output.feature_summary);
    document.heading(2, "The repository");
    document.block(&format!("*{}*", line(&output.project_type)));
    document.prose(&output.codebase_summary);
    list(document, "Technology", &output.tech_stack);
    if !output.structure.is_empty() {
        document.heading(2, "Folders");
        document.bullets(
            output
                .structure
                .iter()
                .map(|(folder, holds)| format!("{} {}", code(folder), line(holds))),
        );
    }
    let rows = output
        .entry_points
        .iter()
        .map(|it| [cell(&it.path), cell(&it.description), seen(&it.evidence)]);
    table(
        document,
        "Entry points",
        ["File", "What starts there"],
        rows,
    );
    let rows = output
        .key_files
        .iter()
        .map(|it| [cell(&it.path), cell(&it.purpose), seen(&it.evidence)]);
    table(document, "Key files", ["File", "What it is for"], rows);
    let rows = output.related_to_feature.iter().map(|it| {
        let part = format!("{} ({})", cell(&it.name), cell(&it.file));
        [part, cell(&it.relevance), seen(&it.evidence)]
    });
    table(document, "What the idea touches", ["Part", "Why"], rows);
    let rows = output
        .relevant_patterns
        .iter()
        .map(|it| [cell(&it.pattern), cell(&it.description), seen(&it.evidence)]);
    table(document, "Patterns", ["Pattern", "What it is"], rows);
    let rows = output.existing_models.iter().map(|it| {
        let name = format!("{} ({})", cell(&it.name), cell(&it.file));
        [name, cell(&it.fields.join(", ")), seen(&it.evidence)]
    });
    table(document, "Existing data types", ["Type", "Fields"], rows);
    conventions(document, &output.conventions, &output.test_structure);
    discovery(document, &output.discovery_questions);
    assumptions(document, &output.assumptions);
    questions(document, &output.questions);
    notes(document, &output.notes);
}

fn feature(document: &mut Document, feature: &FeatureSummary) {
    document.heading(2, "The feature");
    document.block(&format!(
        "**{}**: {}",
        line(&feature.name),
        line(&feature.one_liner)
    ));
    document.prose(&feature.problem_statement);
    list(document, "In scope", &feature.scope_in);
    list(document, "Out of scope", &feature.scope_out);
    list(document, "Constraints", &feature.technical_constraints);
    list(document, "Risks", &feature.risks_identified);
    list(document, "Measures of success", &feature.success_metrics);
}

/// A table of what was found, with the lines that show it; nothing when nothing was found.
fn table(
    document: &mut Document,
    heading: &str,
    [what, says]: [&str; 2],
    rows: impl ExactSizeIterator<Item = [String; 3]>,
) {
    if rows.len() > 0 {
        document.heading(2, heading);
        document.table([what, says, "Seen at"], rows);
    }
}

fn seen(evidence: &[Evidence]) -> String {
    let places: Vec<_> = evidence
        .iter()
        .map(|it| cell(&format!("{}:{}", it.path, it.line)))
        .collect();
    places.join(", ")
}

fn conventions(document: &mut Document, conventions: &Conventions, test_structure: &str) {
    let Conventions {
        naming,
        testing,
        patterns,
    } = conventions;
    let named = [
        ("Naming", naming.as_str()),
        ("Testing", testing),
        ("Tests", test_structure),
    ];
    let named = named
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty());
    let items: Vec<_> = named
        .map(|(name, text)| format!("{name}: {}", line(text)))
        .chain(patterns.iter().map(|text| line(text)))
        .collect();
    if !items.is_empty() {
        document.heading(2, "Conventions");
        document.bullets(items);
    }
}

fn discovery(document: &mut Document, asked: &[DiscoveryQuestion]) {
    if asked.is_empty() {
        return;
    }
    document.heading(2, "What one would ask");
    document.bullets(asked.iter().flat_map(|of| {
        let category = category(of.category);
        let questions = of.questions.iter();
        questions.map(move |text| format!("{category}: {}", line(text)))
    }));
}

fn category(category: DiscoveryCategory) -> &'static str {
    match category {
        DiscoveryCategory::ProblemAndValue => "Problem and value",
        DiscoveryCategory::UsersAndJourneys => "Users and journeys",
        DiscoveryCategory::ScopeAndBoundaries => "Scope and boundaries",
        DiscoveryCategory::TechnicalContext => "Technical context",
        DiscoveryCategory::TradeOffsAndRisks => "Trade-offs and risks",
    }
}
