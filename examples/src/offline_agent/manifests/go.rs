//! `go.mod`.

use super::{Ecosystem, Manifest, Program};
use crate::offline_agent::scan::{Repository, SourceFile};

pub(super) fn read(file: &SourceFile, repository: &Repository) -> Manifest {
    let mut manifest = Manifest::new(file, Ecosystem::Go);
    let mut required = false;
    for (line, text) in file.lines() {
        let text = text.trim();
        if let Some(module) = text.strip_prefix("module ") {
            manifest.name = module
                .trim()
                .rsplit('/')
                .find(|part| !is_version(part))
                .map(str::to_owned);
        } else if text.starts_with("require (") {
            required = true;
        } else if text == ")" {
            required = false;
        } else if required || text.starts_with("require ") {
            let module = text
                .trim_start_matches("require ")
                .split_whitespace()
                .next();
            manifest.depends_on(module.unwrap_or_default(), line);
        }
    }
    let folder = manifest.folder().to_owned();
    let root = repository.files.iter().find(|file| {
        file.is_in("Go")
            && !file.is_test()
            && file.folder() == folder
            && file
                .find(|line| line.starts_with("package ") && line != "package main")
                .is_some()
    });
    manifest.library = root.and_then(|file| {
        let (line, _) = file.find(|line| line.starts_with("package "))?;
        Some(Program {
            name: "package".to_owned(),
            path: Some(file.path.clone()),
            line,
        })
    });
    manifest
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}
