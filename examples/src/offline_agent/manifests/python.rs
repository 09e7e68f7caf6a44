//! `pyproject.toml`, `setup.cfg`, `setup.py`, `Pipfile`, `requirements*.txt`.

use super::sections::{entries, plain};
use super::{Ecosystem, Manifest, Program, quoted};
use crate::offline_agent::scan::SourceFile;

pub(super) fn read(file: &SourceFile) -> Manifest {
    if file.name() == "setup.py" {
        return setup_script(file);
    }
    let mut manifest = Manifest::new(file, Ecosystem::Python);
    for entry in entries(file.lines()) {
        match (entry.section, entry.key) {
            ("project" | "tool.poetry" | "metadata", "name") => {
                manifest.name = Some(plain(entry.value).to_owned());
            }
            ("project", "dependencies") | ("build-system", "requires") => {
                for text in quoted(entry.value) {
                    manifest.depends_on(distribution(text), entry.line);
                }
            }
            ("options", "install_requires") => {
                manifest.depends_on(distribution(entry.value), entry.line);
            }
            ("project.scripts" | "project.gui-scripts" | "tool.poetry.scripts", name) => {
                program(&mut manifest, name, plain(entry.value), entry.line);
            }
            ("options.entry_points", "console_scripts") => {
                if let Some((name, target)) = entry.value.split_once('=') {
                    program(&mut manifest, name.trim(), target.trim(), entry.line);
                }
            }
            ("options.entry_points", name) if entry.value.contains(':') => {
                program(&mut manifest, name, plain(entry.value), entry.line);
            }
            ("packages" | "dev-packages" | "tool.poetry.dependencies", name) => {
                manifest.depends_on(distribution(name), entry.line);
            }
            (section, _)
                if section.starts_with("project.optional-dependencies")
                    || section == "dependency-groups" =>
            {
                for text in quoted(entry.value) {
                    manifest.depends_on(distribution(text), entry.line);
                }
            }
            (section, name)
                if section.starts_with("tool.poetry.group.")
                    && section.ends_with("dependencies") =>
            {
                manifest.depends_on(distribution(name), entry.line);
            }
            _ => {}
        }
    }
    manifest
}

pub(super) fn requirements(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Python);
    for (line, text) in file.lines() {
        let text = text.trim();
        if text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            manifest.depends_on(distribution(text), line);
        }
    }
    manifest
}

fn setup_script(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Python);
    for (line, text) in file.lines() {
        let trimmed = text.trim();
        if manifest.name.is_none() && trimmed.starts_with("name=") {
            manifest.name = quoted(trimmed).first().map(|name| (*name).to_owned());
        }
        for text in quoted(trimmed) {
            if let Some((name, target)) = text.split_once('=')
                && target.contains(':')
            {
                program(&mut manifest, name.trim(), target.trim(), line);
            } else if text.contains(">=") || text.contains("==") {
                manifest.depends_on(distribution(text), line);
            }
        }
    }
    manifest
}

fn program(manifest: &mut Manifest, name: &str, target: &str, line: u32) {
    let module = target.split(':').next().unwrap_or(target).trim();
    let path = manifest.resolve(&module.replace('.', "/"));
    manifest.programs.push(Program {
        name: name.to_owned(),
        path: Some(path),
        line,
    });
}

/// The name of a distribution in a requirement such as `Flask[async] >= 2`.
fn distribution(text: &str) -> String {
    text.trim()
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.'))
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}
