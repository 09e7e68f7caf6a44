//! The components as a Mermaid flowchart.

use spec_core::artifact::Component;

use crate::offline_agent::words::one_line;

pub(super) fn flowchart(components: &[Component]) -> String {
    let mut lines = vec!["flowchart TD".to_owned()];
    for (number, component) in components.iter().enumerate() {
        lines.push(format!("    c{number}[\"{}\"]", label(&component.name)));
    }
    for (number, component) in components.iter().enumerate() {
        for used in &component.dependencies {
            if let Some(other) = components.iter().position(|other| other.name == *used) {
                lines.push(format!("    c{number} --> c{other}"));
            }
        }
    }
    lines.join("\n")
}

/// Text that cannot end the label or be taken for syntax.
fn label(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || " /._-".contains(*c))
        .collect();
    let kept = one_line(&kept, 60);
    if kept.is_empty() {
        "part".to_owned()
    } else {
        kept
    }
}
