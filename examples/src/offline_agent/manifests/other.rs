//! Build files of which a name and the dependencies are enough.

use serde_json::Value;

use super::{Ecosystem, Manifest, Named, quoted};
use crate::offline_agent::scan::SourceFile;

pub(super) fn maven(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Maven);
    let mut parent = false;
    let mut dependency = false;
    for (line, text) in file.lines() {
        let text = text.trim();
        match text {
            "<parent>" => parent = true,
            "</parent>" => parent = false,
            "<dependency>" => dependency = true,
            "</dependency>" => dependency = false,
            _ => {}
        }
        if let Some(artifact) = element(text, "artifactId") {
            if dependency || parent {
                manifest.depends_on(artifact, line);
            } else if manifest.name.is_none() {
                manifest.name = Some(artifact.to_owned());
            }
        }
    }
    manifest
}

pub(super) fn dotnet(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Dotnet);
    manifest.name = file.name().strip_suffix(".csproj").map(str::to_owned);
    for (line, text) in file.lines() {
        if text.contains("<PackageReference")
            && let Some(name) = quoted(text).first()
        {
            manifest.depends_on(*name, line);
        }
    }
    manifest
}

pub(super) fn gradle(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Gradle);
    for (line, text) in file.lines() {
        let declares = [
            "implementation",
            "api",
            "testImplementation",
            "compileOnly",
            "id",
            "runtimeOnly",
        ]
        .iter()
        .any(|word| {
            text.trim_start()
                .strip_prefix(word)
                .is_some_and(|rest| rest.starts_with([' ', '(']))
        });
        if declares && let Some(coordinates) = quoted(text).first() {
            let mut parts = coordinates.split(':');
            let group = parts.next().unwrap_or_default();
            manifest.depends_on(parts.next().unwrap_or(group), line);
        }
    }
    manifest
}

pub(super) fn gems(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Ruby);
    manifest.name = file.name().strip_suffix(".gemspec").map(str::to_owned);
    for (line, text) in file.lines() {
        let text = text.trim();
        if (text.starts_with("gem ")
            || text.contains("add_dependency")
            || text.contains("add_runtime_dependency"))
            && let Some(name) = quoted(text).first()
        {
            manifest.depends_on(*name, line);
        }
    }
    manifest
}

pub(super) fn composer(file: &SourceFile) -> Option<Manifest> {
    let document: Value = serde_json::from_str(file.text.as_deref()?).ok()?;
    let mut manifest = Manifest::new(file, Ecosystem::Composer);
    manifest.name = document
        .get("name")
        .and_then(Value::as_str)
        .and_then(|name| name.rsplit('/').next())
        .map(str::to_owned);
    for list in ["require", "require-dev"] {
        for name in document
            .get(list)
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            if let Some((line, _)) = file.find(|line| line.contains(&format!("\"{name}\""))) {
                manifest.depends_on(name.as_str(), line);
            }
        }
    }
    Some(manifest)
}

pub(super) fn mix(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Elixir);
    for (line, text) in file.lines() {
        let text = text.trim();
        if let Some(name) = text.strip_prefix("app: :") {
            manifest.name = Some(name.trim_end_matches(',').to_owned());
        } else if let Some(rest) = text.strip_prefix("{:") {
            manifest.depends_on(rest.split(',').next().unwrap_or_default(), line);
        }
    }
    manifest
}

pub(super) fn cmake(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::CMake);
    for (line, text) in file.lines() {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let argument = || {
            let inside = text.split_once('(')?.1;
            inside.split([' ', ')']).find(|word| !word.is_empty())
        };
        if lower.starts_with("project") && manifest.name.is_none() {
            manifest.name = argument()
                .filter(|name| !name.contains('$'))
                .map(str::to_owned);
        } else if lower.starts_with("find_package") {
            manifest.depends_on(argument().unwrap_or_default(), line);
        }
    }
    manifest
}

pub(super) fn make(file: &SourceFile) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Make);
    for (line, text) in file.lines() {
        if let Some((target, rest)) = text.split_once(':')
            && !rest.starts_with('=')
            && !target.is_empty()
            && target
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            manifest.commands.push(Named {
                name: target.to_owned(),
                line,
            });
        }
    }
    manifest
}

fn element<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}
