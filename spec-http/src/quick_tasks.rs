//! Tasks that need no spec: [`QuickTasks`].

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use spec_core::id::{ProjectId, UserId};
use spec_core::spec::{Description, Title};

/// A task to be made, without the way by way of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuickTask {
    /// Who asks for it.
    pub by: UserId,
    /// The project it is for, if one was named: one that `by` may use.
    pub project_id: Option<ProjectId>,
    /// A title to show.
    pub title: Title,
    /// What is to be done, exactly as typed.
    pub description: Description,
}

/// A task that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedQuickTask {
    /// What the host calls it.
    pub task_id: String,
    /// Where a person can look at it, if anywhere. Pages link to it.
    pub url: Option<String>,
}

/// Why a task was not made.
#[derive(Debug)]
#[non_exhaustive]
pub enum QuickTaskError {
    /// What was asked for cannot be used: 422. Both texts are answered to the caller.
    Rejected {
        /// The field of the request that is wrong, for example `project_id`.
        field: String,
        /// What is wrong with it.
        detail: String,
    },
    /// What keeps the tasks does not answer: 503. The source is logged, never answered.
    Unavailable {
        /// What happened.
        source: Box<dyn StdError + Send + Sync>,
        /// When it is worth another try, if that is known.
        retry_after: Option<Duration>,
    },
    /// Anything else: 500 with a constant text. The source is logged, never answered.
    Internal(Box<dyn StdError + Send + Sync>),
}

impl QuickTaskError {
    /// Says that `field` of the request cannot be used because of `detail`.
    #[must_use]
    pub fn rejected(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Rejected {
            field: field.into(),
            detail: detail.into(),
        }
    }

    /// Says that another try may help.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable {
            source: source.into(),
            retry_after: None,
        }
    }

    /// Says that something is wrong here.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl fmt::Display for QuickTaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected { field, detail } => write!(f, "{field}: {detail}"),
            Self::Unavailable { .. } => f.write_str("the keeper of tasks does not answer"),
            Self::Internal(_) => f.write_str("the task could not be made"),
        }
    }
}

impl StdError for QuickTaskError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Rejected { .. } => None,
            Self::Unavailable { source, .. } | Self::Internal(source) => Some(source.as_ref()),
        }
    }
}

/// Makes a task of a title and a description at once, where a spec would be too much: in the host's
/// own list of tasks, wherever that is. A host that has none leaves it out, and nobody is offered it.
///
/// ```
/// use std::sync::Mutex;
///
/// use async_trait::async_trait;
/// use spec_http::{CreatedQuickTask, HttpConfig, NoAuth, QuickTask, QuickTaskError, QuickTasks};
///
/// #[derive(Debug, Default)]
/// struct Board(Mutex<Vec<QuickTask>>);
///
/// #[async_trait]
/// impl QuickTasks for Board {
///     async fn create(&self, task: QuickTask) -> Result<CreatedQuickTask, QuickTaskError> {
///         if task.project_id.is_none() {
///             return Err(QuickTaskError::rejected("project_id", "is required here"));
///         }
///         let mut tasks = self.0.lock().map_err(|_| QuickTaskError::internal("the board is lost"))?;
///         tasks.push(task);
///         Ok(CreatedQuickTask {
///             task_id: tasks.len().to_string(),
///             url: Some(format!("https://board.example/tasks/{}", tasks.len())),
///         })
///     }
/// }
///
/// fn config() -> Result<HttpConfig, spec_core::InvalidInput> {
///     Ok(HttpConfig::new(NoAuth::local()?).with_quick_tasks(Board::default()))
/// }
/// ```
#[async_trait]
pub trait QuickTasks: fmt::Debug + Send + Sync + 'static {
    /// Makes the task. Called once for each request, after its caller is known and its fields are
    /// checked; a caller who repeats a request asks for another task. The future is dropped when the
    /// caller goes away.
    ///
    /// # Errors
    ///
    /// When the task was not made, with the kind of answer that the caller gets.
    async fn create(&self, task: QuickTask) -> Result<CreatedQuickTask, QuickTaskError>;
}
