//! Operations that show what phases have produced.

use serde_json::Value;
use spec_core::id::ArtifactVersion;

use super::examples;
use super::operation::{About, Access, Operation, Tag};
use super::part::Answer;
use crate::auth::SpecAction;
use crate::dto::{ExportBody, PhaseResult, TraceBody, VersionList};
use crate::handlers::{export, phases};

pub(super) fn operations() -> Vec<Operation> {
    vec![get_phase(), list_versions(), get_trace(), export_spec()]
}

fn get_phase() -> Operation {
    let about = About {
        id: "getPhase",
        tag: Tag::Specs,
        summary: "What a phase has produced",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}/phases/{phase}", phases::result, about)
        .query::<ArtifactVersion>("version", "Which version. Default: the newest.")
        .answer(Answer::ok::<PhaseResult>(
            "The version that was asked for; without one, the newest, if there is any.",
            examples::phase_result(),
        ))
}

fn list_versions() -> Operation {
    let about = About {
        id: "listVersions",
        tag: Tag::Specs,
        summary: "The versions of what a phase has produced, newest first",
        access: Access::Spec(SpecAction::View),
    };
    let path = "/specs/{spec_id}/phases/{phase}/versions";
    Operation::get(path, phases::versions, about).answer(Answer::ok::<VersionList>(
        "The newest 50.",
        examples::versions(),
    ))
}

fn get_trace() -> Operation {
    let about = About {
        id: "getTrace",
        tag: Tag::Specs,
        summary: "Coverage and order, computed from the newest outputs",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}/trace", export::trace, about).answer(Answer::ok::<TraceBody>(
        "What follows from the outputs of the first four phases, once each has one.",
        examples::trace(),
    ))
}

fn export_spec() -> Operation {
    let about = About {
        id: "exportSpec",
        tag: Tag::Specs,
        summary: "All that there is of a spec so far, as a file",
        access: Access::Spec(SpecAction::View),
    };
    Operation::get("/specs/{spec_id}/export", export::export, about)
        .query::<export::ExportFormat>("format", "The form. Default: markdown.")
        .answer(
            Answer::ok::<ExportBody<'_>>("The file.", examples::export())
                .media::<String>("text/markdown", Value::from("# Search history\n"))
                .header(
                    "Content-Disposition",
                    "That it is a file, and its name, of letters, digits and hyphens.",
                ),
        )
}

#[cfg(test)]
mod tests {
    use spec_core::Phase;
    use spec_core::artifact::PhaseOutput;
    use spec_core::check::ears;

    use super::*;

    #[test]
    fn the_artifact_of_the_examples_is_one_of_its_phase() {
        let example = examples::phase_result();
        let output = PhaseOutput::parse(Phase::Requirements, &example["artifact"]["content"]);
        let PhaseOutput::Requirements(output) = output.unwrap() else {
            panic!("of another phase");
        };
        let requirement = &output.requirements[0];
        let ears = ears::parse(&requirement.text).unwrap();
        let told = &example["ears"][0];
        assert_eq!(told["requirement_id"], requirement.id.as_str());
        assert_eq!(told["system"], ears.system);
        assert_eq!(told["response"], ears.response);
        assert_eq!(told["conditions"][0]["text"], ears.conditions[0].text);
    }
}
