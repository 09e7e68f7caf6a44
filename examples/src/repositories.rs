//! Repositories as projects: folders of this machine, and URLs for git.

mod token;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use clap::builder::ValueParserFactory;
use spec_core::ProjectSource;
use spec_core::id::{ProjectId, UserId};
use spec_core::project::{Project, ProjectError, ProjectSummary};
use spec_core::sandbox::{Checkout, CheckoutRef};
use url::{Host, Url};

use crate::discreet::{Discreet, web_address};

pub use token::GitToken;

/// A git repository that specs are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repository {
    /// A folder of this machine.
    Folder(PathBuf),
    /// One that git fetches.
    Remote(RemoteUrl),
}

impl FromStr for Repository {
    type Err = anyhow::Error;

    /// What looks like a URL is one, and everything else is a folder.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        if text.contains("://") {
            return text.parse().map(Self::Remote);
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }
}

impl Repository {
    /// What it is called, without the way to it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Folder(path) => path.file_name().map_or_else(
                || "project".to_owned(),
                |n| n.to_string_lossy().into_owned(),
            ),
            Self::Remote(url) => url.name().to_owned(),
        }
    }
}

/// Where git fetches a repository from. Holds no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteUrl(Url);

impl FromStr for RemoteUrl {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let url = web_address(text, "a token", "put the token into the variable GIT_TOKEN")?;
        if url.path().trim_matches('/').is_empty() {
            bail!("names no repository: it is of the form https://HOST/PATH");
        }
        if text.chars().count() > ProjectId::MAX_CHARS {
            bail!("is longer than {} characters", ProjectId::MAX_CHARS);
        }
        Ok(Self(url))
    }
}

impl ValueParserFactory for RemoteUrl {
    type Parser = Discreet<Self>;

    fn value_parser() -> Discreet<Self> {
        Discreet::new()
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl RemoteUrl {
    fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    fn name(&self) -> &str {
        let path = self.0.path().trim_end_matches('/');
        let last = path.rsplit('/').next().unwrap_or(path);
        last.strip_suffix(".git").unwrap_or(last)
    }
}

/// True for the machine that this program runs on.
pub(crate) fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// A project of a server, with its repository: `ID=PATH` or `ID=URL`.
#[derive(Debug, Clone)]
pub struct NamedRepository {
    /// Its id.
    pub id: ProjectId,
    /// Its repository.
    pub repository: Repository,
}

impl FromStr for NamedRepository {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let form = "must have the form ID=PATH or ID=URL";
        let (id, repository) = text.split_once('=').context(form)?;
        let id = ProjectId::new(id).context(form)?;
        let repository = repository.parse().map_err(|error| {
            // The id cannot be taken for a password.
            anyhow::anyhow!("of `{id}`: the URL {error}")
        })?;
        Ok(Self { id, repository })
    }
}

impl ValueParserFactory for NamedRepository {
    type Parser = Discreet<Self>;

    fn value_parser() -> Discreet<Self> {
        Discreet::new()
    }
}

/// Whether sandboxes can reach the folders of this machine, and how git is let in elsewhere.
#[derive(Debug, Clone)]
pub struct Access {
    /// Sandboxes reach folders of this machine.
    pub folders: bool,
    /// The token for private repositories.
    pub token: Option<GitToken>,
}

impl Access {
    /// The repository as sandboxes are to find it: a folder as the top of a repository that is there
    /// and has a commit, a URL as it is.
    ///
    /// # Errors
    ///
    /// When it is out of reach, and as [`repository_at`].
    pub fn find(&self, repository: Repository) -> anyhow::Result<Repository> {
        match repository {
            Repository::Folder(path) => {
                self.reach(&path)?;
                repository_at(&path).map(Repository::Folder)
            }
            Repository::Remote(url) => Ok(Repository::Remote(url)),
        }
    }

    fn reach(&self, folder: &Path) -> anyhow::Result<()> {
        if !self.folders {
            bail!(
                "a sandbox at Daytona cannot reach {}, a folder of this machine; push it somewhere and name the place with --repository URL",
                folder.display()
            );
        }
        Ok(())
    }

    /// Says when there is a token and this repository is at another host.
    #[must_use]
    pub fn remark(&self, repository: &Repository) -> Option<String> {
        let (Repository::Remote(url), Some(token)) = (repository, &self.token) else {
            return None;
        };
        let host = url.host();
        (!token.is_for(host)).then(|| {
            format!(
                "note: GIT_TOKEN is for {} and is not sent to {host}; the variable GIT_HOST names another host",
                token.host()
            )
        })
    }

    /// The repository as a project.
    ///
    /// # Errors
    ///
    /// When sandboxes cannot reach it, or its path is not UTF-8.
    pub fn project(&self, id: ProjectId, repository: &Repository) -> anyhow::Result<Project> {
        let (url, credentials) = match repository {
            Repository::Folder(path) => {
                self.reach(path)?;
                return project(id, path);
            }
            Repository::Remote(url) => (url, self.token.as_ref().filter(|t| t.is_for(url.host()))),
        };
        Ok(Project {
            id,
            name: repository.name(),
            checkout: Checkout {
                url: url.to_string(),
                reference: CheckoutRef::Default,
                username: credentials.and_then(GitToken::username),
                password: credentials.map(GitToken::secret),
            },
            default_agent: None,
        })
    }
}

/// Takes every project id for a repository: a URL, or the path of a folder on this machine.
///
/// For `launch` only: whoever starts the program may read those folders anyway.
#[derive(Debug, Clone)]
pub struct AnyRepository(pub Access);

impl AnyRepository {
    /// The project id of a repository.
    ///
    /// # Errors
    ///
    /// When its path is not UTF-8 or too long.
    pub fn id_of(repository: &Repository) -> anyhow::Result<ProjectId> {
        let id = match repository {
            Repository::Folder(path) => path
                .to_str()
                .context("the repository's path is not UTF-8")?
                .to_owned(),
            Repository::Remote(url) => url.to_string(),
        };
        Ok(ProjectId::new(id)?)
    }
}

#[async_trait]
impl ProjectSource for AnyRepository {
    async fn project(
        &self,
        id: &ProjectId,
        _principal: &UserId,
    ) -> Result<Option<Project>, ProjectError> {
        let permanent = |error: anyhow::Error| ProjectError::permanent(error.to_string());
        let repository: Repository = id.as_str().parse().map_err(permanent)?;
        if matches!(&repository, Repository::Folder(path) if !path.is_absolute()) {
            return Ok(None);
        }
        // A folder that is gone or no repository any more is the spawner's to explain.
        let project = self.0.project(id.clone(), &repository);
        project.map(Some).map_err(permanent)
    }

    async fn default_project(
        &self,
        _principal: &UserId,
    ) -> Result<Option<ProjectId>, ProjectError> {
        Ok(None)
    }

    async fn list(&self, _principal: &UserId) -> Result<Vec<ProjectSummary>, ProjectError> {
        Ok(Vec::new())
    }
}

/// The git repository that `path` is in.
///
/// # Errors
///
/// Says what is missing: the folder, git, the repository, or its first commit.
pub fn repository_at(path: &Path) -> anyhow::Result<PathBuf> {
    let shown = path.display();
    if !path.is_dir() {
        bail!("{shown} is not a folder; name a folder in a git repository");
    }
    let git = |arguments: &[&str]| {
        Command::new("git")
            .arg("-C")
            .arg(path)
            .args(arguments)
            .output()
            .context("cannot run git; install it (for example `apt-get install git`) and try again")
    };
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if !top.status.success() {
        let said = String::from_utf8_lossy(&top.stderr);
        bail!(
            "{shown} is not in a git repository; name one, or make one with `git init` ({})",
            said.trim()
        );
    }
    if !git(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?
        .status
        .success()
    {
        bail!("the repository at {shown} is empty: make a first commit, then try again");
    }
    let top = String::from_utf8(top.stdout).context("the repository's path is not UTF-8")?;
    Ok(PathBuf::from(top.trim_end_matches('\n')))
}

/// The repository in the folder `path` as a project.
///
/// # Errors
///
/// When the path is not UTF-8.
pub fn project(id: ProjectId, path: &Path) -> anyhow::Result<Project> {
    let url = path
        .to_str()
        .context("the repository's path is not UTF-8")?
        .to_owned();
    let name = path
        .file_name()
        .map_or_else(|| url.clone(), |n| n.to_string_lossy().into_owned());
    Ok(Project::new(id, Checkout::new(url)).with_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(text: &str) -> anyhow::Result<RemoteUrl> {
        text.parse()
    }

    fn access(folders: bool, host: &str) -> Access {
        let token = GitToken::from_variables(|name| match name {
            "GIT_TOKEN" => Ok("hunter2".to_owned()),
            "GIT_HOST" => Ok(host.to_owned()),
            _ => Err(std::env::VarError::NotPresent),
        });
        Access {
            folders,
            token: token.unwrap(),
        }
    }

    #[test]
    fn a_url_names_its_repository() {
        let url = remote("https://github.com/octocat/Hello-World.git").unwrap();
        let repository = Repository::Remote(url);
        assert_eq!(repository.name(), "Hello-World");
        let found = access(false, "").find(repository.clone()).unwrap();
        assert_eq!(found, repository);
    }

    #[test]
    fn a_url_that_cannot_be_used_is_refused_without_being_repeated() {
        for bad in [
            "https://me:hunter2@github.com/a/b",
            "https://hunter2@github.com/a/b",
            "https://github.com/a/b?token=hunter2",
            "https://github.com/a/b#hunter2",
            "http://github.com/hunter2/b",
            "ssh://git@github.com/hunter2/b",
            "file:///hunter2",
            "https://github.com/",
            "https://hunter2:x/",
            "hunter2",
        ] {
            let refused = remote(bad).unwrap_err();
            assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
            let named = format!("demo={bad}").parse::<NamedRepository>();
            match named {
                Ok(named) => assert_eq!(named.repository, Repository::Folder(bad.into())),
                Err(error) => assert!(!format!("{error:?}").contains("hunter2"), "{error:?}"),
            }
        }
    }

    #[test]
    fn a_token_goes_to_its_host_and_to_no_other() {
        let at = |host| {
            let url = remote("https://git.example.org/a/b").unwrap();
            let id = ProjectId::new("demo").unwrap();
            let project = access(true, host).project(id, &Repository::Remote(url));
            let password = project.unwrap().checkout.password;
            password.map(|secret| secret.expose().to_owned())
        };
        assert_eq!(at("git.example.org").as_deref(), Some("hunter2"));
        assert_eq!(at("GIT.example.org").as_deref(), Some("hunter2"));
        assert_eq!(at("example.org"), None);
        assert_eq!(at(""), None, "github.com");
    }

    #[test]
    fn a_folder_gets_no_token_and_has_to_be_in_reach() {
        let folder = Repository::Folder("/somewhere/demo".into());
        let id = || ProjectId::new("demo").unwrap();
        let project = access(true, "localhost").project(id(), &folder).unwrap();
        assert_eq!(project.checkout.url, "/somewhere/demo");
        assert!(project.checkout.password.is_none());
        let far = access(false, "localhost");
        let refused = [
            far.project(id(), &folder).unwrap_err().to_string(),
            // Whatever else may be wrong with it.
            far.find(folder).unwrap_err().to_string(),
        ];
        for refused in refused {
            for said in ["/somewhere/demo", "--repository URL"] {
                assert!(refused.contains(said), "{refused}");
            }
        }
    }
}
