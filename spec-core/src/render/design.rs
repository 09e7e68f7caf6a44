//! `design.md`: the parts and how they work together.

use super::markdown::{Document, Form, cell, line};
use super::{assumptions, list, notes, questions, requirement_links};
use crate::artifact::{Component, DataModel, DesignDecision, DesignOutput};
use crate::spec::Spec;
use crate::sync::Outputs;

pub(super) fn render(spec: &Spec, outputs: &Outputs) -> Document {
    let output = &outputs.design;
    let mut document = Document::new(Form::Files);
    document.heading(1, &format!("{}: design", line(spec.title.as_str())));
    document
        .block("How the [requirements](requirements.md) are met. See also the [tasks](tasks.md).");
    body(&mut document, output);
    document
}

/// The output itself.
pub(super) fn body(document: &mut Document, output: &DesignOutput) {
    document.heading(2, "Architecture");
    document.prose(&output.architecture_overview);
    let diagram = without_fence(&output.architecture_diagram);
    if !diagram.is_empty() {
        document.fence("mermaid", diagram);
    }
    components(document, &output.components);
    data_models(document, &output.data_models);
    endpoints(document, output);
    list(document, "Integration points", &output.integration_points);
    if !output.error_handling.is_empty() {
        document.heading(2, "Errors");
        document.table(
            ["When", "What happens"],
            output
                .error_handling
                .iter()
                .map(|(kind, answer)| [cell(kind), cell(answer)]),
        );
    }
    decisions(document, &output.decisions);
    if !output.risks.is_empty() {
        document.heading(2, "Risks");
        document.table(
            ["Risk", "What is done about it"],
            output
                .risks
                .iter()
                .map(|risk| [cell(&risk.risk), cell(&risk.mitigation)]),
        );
    }
    list(document, "Security", &output.security_considerations);
    list(document, "Unit tests", &output.testing_strategy.unit_tests);
    list(
        document,
        "Integration tests",
        &output.testing_strategy.integration_tests,
    );
    list(document, "Migration", &output.migration_plan);
    assumptions(document, &output.assumptions);
    questions(document, &output.questions);
    notes(document, &output.notes);
}

/// The diagram without the fence that agents like to put around it.
fn without_fence(diagram: &str) -> &str {
    let diagram = diagram.trim();
    let inside = || {
        let (first, rest) = diagram.strip_prefix("```")?.split_once('\n')?;
        let rest = rest.strip_suffix("```")?;
        (first.trim().is_empty() || first.trim() == "mermaid").then_some(rest.trim_end())
    };
    inside().unwrap_or(diagram)
}

fn components(document: &mut Document, components: &[Component]) {
    document.heading(2, "Components");
    let form = document.form();
    document.table(
        [
            "Component",
            "Kind",
            "File",
            "Responsibility",
            "Uses",
            "Requirements",
        ],
        components.iter().map(|component| {
            let state = if component.exists { "" } else { " (new)" };
            [
                format!("**{}**", cell(&component.name)),
                cell(&component.kind),
                format!("{}{state}", cell(&component.file_path)),
                cell(&component.responsibility),
                cell(&component.dependencies.join(", ")),
                requirement_links(form, &component.requirements),
            ]
        }),
    );
    let told = |component: &&Component| {
        !component.interfaces.is_empty() || !component.description.trim().is_empty()
    };
    for component in components.iter().filter(told) {
        document.heading(3, &line(&component.name));
        document.prose(&component.description);
        if component.interfaces.is_empty() {
            continue;
        }
        document.table(
            ["Operation", "In", "Out"],
            component.interfaces.iter().map(|interface| {
                [
                    cell(&interface.method),
                    cell(&interface.inputs),
                    cell(&interface.outputs),
                ]
            }),
        );
    }
}

fn data_models(document: &mut Document, models: &[DataModel]) {
    if models.is_empty() {
        return;
    }
    document.heading(2, "Data");
    for model in models {
        document.heading(3, &line(&model.name));
        if let Some(table) = &model.table_name {
            document.block(&format!("Table: {}", line(table)));
        }
        if !model.description.trim().is_empty() {
            document.prose(&model.description);
        }
        if !model.fields.is_empty() {
            document.table(
                ["Field", "Type and meaning"],
                model
                    .fields
                    .iter()
                    .map(|(field, meaning)| [cell(field), cell(meaning)]),
            );
        }
        let indexes = model
            .indexes
            .iter()
            .map(|index| format!("Index: {}", line(index)));
        let relations = model.relationships.iter().map(|relation| line(relation));
        document.bullets(indexes.chain(relations));
    }
}

fn endpoints(document: &mut Document, output: &DesignOutput) {
    if output.api_endpoints.is_empty() {
        return;
    }
    document.heading(2, "API");
    document.table(
        [
            "Method",
            "Path",
            "What it does",
            "Caller",
            "Request",
            "Response",
            "Errors",
        ],
        output.api_endpoints.iter().map(|endpoint| {
            [
                cell(&endpoint.method),
                cell(&endpoint.path),
                cell(&endpoint.description),
                if endpoint.auth_required {
                    "known"
                } else {
                    "anyone"
                }
                .to_owned(),
                cell(&endpoint.request_schema),
                cell(&endpoint.response_schema),
                cell(&endpoint.error_responses.join(", ")),
            ]
        }),
    );
}

fn decisions(document: &mut Document, decisions: &[DesignDecision]) {
    if decisions.is_empty() {
        return;
    }
    document.heading(2, "Decisions");
    for decision in decisions {
        document.heading(3, &line(&decision.decision));
        document.prose(&decision.rationale);
        if !decision.alternatives.is_empty() {
            let alternatives: Vec<_> = decision
                .alternatives
                .iter()
                .map(|text| line(text))
                .collect();
            document.block(&format!("Instead of: {}", alternatives.join("; ")));
        }
    }
}
