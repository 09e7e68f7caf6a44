//! Quick tasks as lines of a file, to show what a host does with them.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use serde::Serialize;
use spec_core::clock::{Clock as _, IdGenerator as _, SystemClock, Timestamp, UuidV7Generator};
use spec_core::id::{ProjectId, UserId};
use spec_core::spec::{Description, Title};
use spec_http::{CreatedQuickTask, QuickTask, QuickTaskError, QuickTasks};

/// Appends every task to a file, as one line of JSON. Several processes may share the file.
#[derive(Debug, Clone)]
pub struct TaskFile {
    file: Arc<File>,
}

#[derive(Serialize)]
struct Line<'a> {
    task_id: &'a str,
    at: Timestamp,
    by: &'a UserId,
    project_id: &'a Option<ProjectId>,
    title: &'a Title,
    description: &'a Description,
}

impl TaskFile {
    /// Opens the file, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When it cannot be written to.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.with_context(|| format!("cannot write to {}", path.display()))?;
        Ok(Self {
            file: Arc::new(file),
        })
    }
}

#[async_trait]
impl QuickTasks for TaskFile {
    async fn create(&self, task: QuickTask) -> Result<CreatedQuickTask, QuickTaskError> {
        let task_id = UuidV7Generator.uuid().to_string();
        let line = Line {
            task_id: &task_id,
            at: SystemClock.now(),
            by: &task.by,
            project_id: &task.project_id,
            title: &task.title,
            description: &task.description,
        };
        let mut line = serde_json::to_vec(&line).map_err(QuickTaskError::internal)?;
        line.push(b'\n');
        let file = Arc::clone(&self.file);
        let write = move || {
            // At once: what others append comes before or after, and never between.
            (&*file).write_all(&line)?;
            file.sync_data()
        };
        let written = tokio::task::spawn_blocking(write).await;
        written
            .map_err(QuickTaskError::internal)?
            .map_err(QuickTaskError::unavailable)?;
        Ok(CreatedQuickTask { task_id, url: None })
    }
}
