//! `package.json`.

use serde_json::Value;

use super::{Ecosystem, Manifest, Named, Program};
use crate::offline_agent::scan::{Repository, SourceFile};

pub(super) fn read(file: &SourceFile, repository: &Repository) -> Option<Manifest> {
    let document: Value = serde_json::from_str(file.text.as_deref()?).ok()?;
    let mut manifest = Manifest::new(file, Ecosystem::Node);
    manifest.name = document
        .get("name")
        .and_then(Value::as_str)
        .map(str::to_owned);
    for list in ["dependencies", "devDependencies", "peerDependencies"] {
        for (name, _) in members(&document, list) {
            if let Some(line) = line_of(file, list, name) {
                manifest.depends_on(name, line);
            }
        }
    }
    for (name, _) in members(&document, "scripts") {
        if let Some(line) = line_of(file, "scripts", name) {
            manifest.commands.push(Named {
                name: name.to_owned(),
                line,
            });
        }
    }
    for (name, path) in members(&document, "bin") {
        if let (Some(line), Some(path)) = (line_of(file, "bin", name), path.as_str()) {
            let path = Some(manifest.resolve(path));
            manifest.programs.push(Program {
                name: name.to_owned(),
                path,
                line,
            });
        }
    }
    if let Some(path) = document.get("bin").and_then(Value::as_str)
        && let Some((line, _)) = file.find(|line| line.contains("\"bin\""))
    {
        let name = manifest.name.clone().unwrap_or_default();
        manifest.programs.push(Program {
            name,
            path: Some(manifest.resolve(path)),
            line,
        });
    }
    manifest.library = ["module", "main", "types"].into_iter().find_map(|key| {
        let path = document.get(key)?.as_str()?;
        let (line, _) = file.find(|line| line.contains(&format!("\"{key}\"")))?;
        Some(Program {
            name: key.to_owned(),
            path: Some(manifest.resolve(path)),
            line,
        })
    });
    if manifest.library.is_none() && manifest.programs.is_empty() {
        // What Node.js loads when the build file does not say.
        let index = manifest.resolve("index.js");
        let named = file.find(|line| line.contains("\"name\""));
        manifest.library = named
            .filter(|_| repository.has(&index))
            .map(|(line, _)| Program {
                name: "index".to_owned(),
                path: Some(index),
                line,
            });
    }
    Some(manifest)
}

fn members<'a>(document: &'a Value, key: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    document
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The line of a member of a list, as files of one member a line are written.
fn line_of(file: &SourceFile, list: &str, name: &str) -> Option<u32> {
    let opened = format!("\"{list}\"");
    let member = format!("\"{name}\"");
    file.lines()
        .skip_while(|(_, line)| !line.contains(&opened))
        .find(|(_, line)| line.contains(&member))
        .map(|(line, _)| line)
}
