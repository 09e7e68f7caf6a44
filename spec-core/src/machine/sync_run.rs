//! The run of SYNC: a script that commits the rendered files in the sandbox's clone.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::agent::RunPlan;
use crate::artifact::RepositoryCommit;
use crate::id::{CommitId, RunKey};
use crate::invalid_input::InvalidInput;
use crate::render::markdown;
use crate::sandbox::{Layout, SandboxFile, SandboxPath};
use crate::spec::Spec;
use crate::sync::{Outputs, slug, sync_report};

/// Commits `specs/<slug>` on the branch `spec/<slug>` and says which commit that is.
pub(super) const SCRIPT: &str = include_str!("sync_run.sh");

/// Longest `result.json` of the script.
pub(super) const MAX_RESULT_BYTES: u64 = 64 * 1024;

/// Files and arguments of the run.
pub(super) fn plan(
    spec: &Spec,
    run: RunKey,
    layout: &Layout,
    outputs: &Outputs,
) -> Result<RunPlan, InvalidInput> {
    let slug = slug(&spec.title);
    let path = |name: &str| SandboxPath::in_run(&run, name);
    // The commit cannot hold its own hash, so what is committed is rendered without it.
    let report = sync_report(&slug, outputs, None);
    let mut files = vec![
        SandboxFile::new(path("sync.sh")?, SCRIPT),
        SandboxFile::new(
            path("message.txt")?,
            format!("Specify: {}\n\nSpec-Id: {}\n", spec.title, spec.id),
        ),
    ];
    for file in markdown(spec, outputs, &report) {
        let path = SandboxPath::in_repository(&format!("specs/{slug}/{}", file.name))?;
        files.push(SandboxFile::new(path, file.text));
    }
    let folder = layout.absolute(&SandboxPath::run_folder(&run));
    Ok(RunPlan {
        files,
        argv: vec!["sh".to_owned(), format!("{folder}/sync.sh")],
        needs: Vec::new(),
        env: BTreeMap::from([
            ("SPEC_RUN_DIR".to_owned(), folder),
            ("SPEC_REPOSITORY".to_owned(), layout.repository.clone()),
            ("SPEC_FOLDER".to_owned(), format!("specs/{slug}")),
            ("SPEC_BRANCH".to_owned(), format!("spec/{slug}")),
            // The same files at the same parent make the same commit, however often it is made.
            ("SPEC_DATE".to_owned(), spec.created_at.to_string()),
        ]),
        secrets: Vec::new(),
        result: path("result.json")?,
    })
}

/// What the script reports.
#[derive(Debug, Deserialize)]
struct Report {
    branch: String,
    commit: String,
    parent: String,
}

/// The files that the script commits, by their place in the repository.
pub(super) fn committed_files(plan: &RunPlan) -> Vec<String> {
    let in_repository =
        |file: &SandboxFile| file.path.as_str().strip_prefix("repo/").map(str::to_owned);
    plan.files.iter().filter_map(in_repository).collect()
}

/// Reads the script's `result.json`; the files are those that its plan gave it.
pub(super) fn read_result(
    spec: &Spec,
    files: Vec<String>,
    bytes: &[u8],
) -> Result<RepositoryCommit, String> {
    let Report {
        branch,
        commit,
        parent,
    } = serde_json::from_slice(bytes).map_err(|error| format!("result.json: {error}"))?;
    let slug = slug(&spec.title);
    if branch != format!("spec/{slug}") {
        return Err(format!("result.json names the branch `{branch:.100}`"));
    }
    let is_hash = |text: &str| {
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if !is_hash(&commit) || spec.commit.as_ref().map(CommitId::as_str) != Some(parent.as_str()) {
        return Err("result.json does not name a commit upon the pinned one".to_owned());
    }
    Ok(RepositoryCommit {
        branch,
        commit,
        parent,
        files,
    })
}
