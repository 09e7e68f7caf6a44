//! Everything the rules know about a repository.

use std::path::Path;

use spec_core::artifact::{EntryPoint, ExistingModel};

use super::conventions::{Testing, plural, testing};
use super::entry_points::entry_points;
use super::manifests::{Manifest, manifests};
use super::models::models;
use super::progress::Progress;
use super::project::{Project, project};
use super::scan::{Repository, scan};
use super::stack::{Framework, frameworks};

/// What was found, before anyone asks what it is for.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) repository: Repository,
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) frameworks: Vec<Framework>,
    pub(crate) project: Project,
    pub(crate) testing: Testing,
    pub(crate) entry_points: Vec<EntryPoint>,
    pub(crate) models: Vec<ExistingModel>,
}

impl Survey {
    pub(crate) fn of(root: &Path, progress: &mut Progress<'_>) -> Self {
        let repository = scan(root, progress);
        let manifests = manifests(&repository);
        progress.say(
            420,
            match manifests.first() {
                Some(first) => format!(
                    "Found {} build {}, first {}",
                    manifests.len(),
                    plural(manifests.len(), "file", "files"),
                    first.path
                ),
                None => "Found no build file".to_owned(),
            },
        );
        let frameworks = frameworks(&repository, &manifests);
        let project = project(&repository, &manifests, &frameworks);
        let testing = testing(&repository, &manifests, &frameworks, &project);
        let entry_points = entry_points(&repository, &manifests);
        progress.say(
            480,
            format!(
                "Found {} entry {}",
                entry_points.len(),
                plural(entry_points.len(), "point", "points")
            ),
        );
        let models = models(&repository);
        progress.say(
            540,
            format!(
                "Found {} data {}",
                models.len(),
                plural(models.len(), "type", "types")
            ),
        );
        Self {
            repository,
            manifests,
            frameworks,
            project,
            testing,
            entry_points,
            models,
        }
    }
}
