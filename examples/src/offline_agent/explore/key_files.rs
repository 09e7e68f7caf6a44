//! The files one has to know, each with what it is for.

use spec_core::artifact::{EntryPoint, KeyFile};

use crate::offline_agent::rank::Hit;
use crate::offline_agent::scan::SourceFile;
use crate::offline_agent::survey::Survey;
use crate::offline_agent::words::{one_line, series};

const MAX_KEY_FILES: usize = 12;

pub(super) fn key_files(survey: &Survey, hits: &[Hit<'_>]) -> Vec<KeyFile> {
    let mut found: Vec<KeyFile> = Vec::new();
    let best = hits.first().map_or(0.0, |hit| hit.score);
    for hit in hits.iter().filter(|hit| hit.score >= best * 0.35).take(8) {
        let Some(evidence) = hit.evidence() else {
            continue;
        };
        let purpose = purpose(survey, hit.file);
        found.push(KeyFile {
            path: hit.file.path.clone(),
            purpose,
            evidence: vec![evidence],
        });
    }
    for entry in &survey.entry_points {
        add_entry(&mut found, entry);
    }
    for manifest in survey.manifests.iter().take(2) {
        let file = survey.repository.file(&manifest.path);
        if let Some(evidence) = file
            .and_then(|file| file.evidence(|line| line.contains("name")))
            .or_else(|| file.and_then(|file| file.evidence(|_| true)))
        {
            add(
                &mut found,
                KeyFile {
                    path: manifest.path.clone(),
                    purpose: format!("Build file for {}", manifest.ecosystem.tool()),
                    evidence: vec![evidence],
                },
            );
        }
    }
    if found.is_empty() {
        for file in survey
            .repository
            .files
            .iter()
            .filter(|file| file.text.is_some())
            .take(3)
        {
            if let Some(evidence) = file.evidence(|_| true) {
                add(
                    &mut found,
                    KeyFile {
                        path: file.path.clone(),
                        purpose: purpose(survey, file),
                        evidence: vec![evidence],
                    },
                );
            }
        }
    }
    found
}

fn add_entry(found: &mut Vec<KeyFile>, entry: &EntryPoint) {
    add(
        found,
        KeyFile {
            path: entry.path.clone(),
            purpose: entry.description.clone(),
            evidence: entry
                .evidence
                .iter()
                .filter(|e| e.path == entry.path)
                .cloned()
                .collect(),
        },
    );
}

fn add(found: &mut Vec<KeyFile>, file: KeyFile) {
    let known = found.iter().any(|known| known.path == file.path);
    if !known && !file.evidence.is_empty() && found.len() < MAX_KEY_FILES {
        found.push(file);
    }
}

/// What a file is for, as far as its definitions and its place tell.
fn purpose(survey: &Survey, file: &SourceFile) -> String {
    if let Some(entry) = survey
        .entry_points
        .iter()
        .find(|entry| entry.path == file.path)
    {
        return entry.description.clone();
    }
    let kind = if file.is_test() {
        "Tests"
    } else if file.is_secondary() && file.is_code() {
        "Example code"
    } else if file.is_code() {
        "Source"
    } else {
        "Text"
    };
    let types: Vec<&str> = survey
        .models
        .iter()
        .filter(|model| model.file == file.path)
        .map(|model| model.name.as_str())
        .take(3)
        .collect();
    if let Some(doc) = own_words(file) {
        return one_line(&doc, 160);
    }
    if !types.is_empty() {
        return format!("{kind} that defines {}", series(&types));
    }
    let language = file
        .language
        .map_or("unknown format", |language| language.name);
    let folder = file.folder();
    if folder.is_empty() {
        format!("{kind} in {language}, at the root")
    } else {
        format!("{kind} in {language}, under `{folder}`")
    }
}

/// What the file says about itself on its first lines.
fn own_words(file: &SourceFile) -> Option<String> {
    let (_, line) = file.lines().take(5).find(|(_, line)| {
        ["//! ", "\"\"\"", "# ", "/** ", "// Package "]
            .iter()
            .any(|start| line.starts_with(start))
            && !line.contains("coding")
            && !line.contains("Copyright")
    })?;
    let text = line
        .trim_start_matches(|c: char| !c.is_alphanumeric() && c != '`')
        .trim_end_matches(['"', '*', '/', ' ']);
    (text.split_whitespace().count() > 1).then(|| text.to_owned())
}
