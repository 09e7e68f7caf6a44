//! What the sandboxes of a deployment are labelled with, so that no deployment ends those of another.
//!
//! A reaper asks its provider for the sandboxes of its environment and ends those that its database
//! does not know. So an environment is one database at one provider:
//!
//! - Sandboxes on this machine are of one host, one data folder and one database.
//! - Those at Daytona are not of any host. All replicas on one database share them, on whatever host
//!   and by whatever name they reach the database. Two databases never do, also when both are at
//!   `localhost/specs`, or both in `/data` on hosts of the same name: a database is known by what was
//!   drawn when it was made, not by its address. The key takes no part, so that a new key changes
//!   nothing.
//!
//! A copy of a database's or a data folder's files has the same identity. Whoever runs the copy in
//! the same account, on specs of its own, has to name another environment.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use spec_core::clock::{IdGenerator as _, UuidV7Generator};
use spec_core::id::{ContentHash, Environment};
use spec_daytona::DaytonaConfig;

use crate::database::PostgresUrl;

/// The file that tells a data folder from every other one.
const IDENTITY: &str = "deployment-id";

/// What keeps the specs of a deployment, told from everything else that keeps specs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment(String);

impl Deployment {
    /// That whose specs are in a database.
    ///
    /// # Errors
    ///
    /// When the database does not say which one it is.
    pub async fn in_database(database: &PostgresUrl) -> anyhow::Result<Self> {
        let identity = database.identity().await;
        identity
            .map(|identity| Self(format!("postgres {identity}")))
            .context("cannot tell what to label sandboxes with; name it with --environment NAME")
    }

    /// That whose specs are in a data folder. Marks the folder the first time.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or marked.
    pub fn in_folder(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(IDENTITY);
        let cannot = || format!("cannot mark the data folder in {}", path.display());
        let identity = match fs::read_to_string(&path) {
            Ok(identity) => identity,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                draw(data, &path).with_context(cannot)?
            }
            Err(error) => return Err(error).with_context(cannot),
        };
        if identity.trim().is_empty() {
            bail!("{} is empty; remove it", path.display());
        }
        Ok(Self(format!("folder {}", identity.trim())))
    }
}

/// Whoever comes first decides for all.
fn draw(data: &Path, path: &Path) -> std::io::Result<String> {
    let mut file = tempfile::NamedTempFile::new_in(data)?;
    writeln!(file, "{}", UuidV7Generator.uuid())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => {}
        Err(other) => return Err(other.error),
    }
    fs::read_to_string(path)
}

/// The environment of a deployment in a Daytona account.
///
/// # Errors
///
/// Never in practice: when the label is too long.
pub fn of_account(config: &DaytonaConfig, deployment: &Deployment) -> anyhow::Result<Environment> {
    let organization = config.organization_id().unwrap_or("that of the key");
    let place = format!("{} {organization} {}", config.api_url(), deployment.0);
    Ok(Environment::new(format!("daytona-{}", short_hash(&place)))?)
}

/// The environment of sandboxes in a data folder of this machine.
///
/// # Errors
///
/// When the folder is not there.
pub fn of_this_machine(data: &Path, database: Option<&PostgresUrl>) -> anyhow::Result<Environment> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().take(40).collect();
    let data = fs::canonicalize(data).context("cannot tell where the data folder is")?;
    let database = database.map_or_else(|| "a file in it".to_owned(), ToString::to_string);
    let place = short_hash(&format!("{} {database}", data.display()));
    Ok(Environment::new(format!("local-{host}-{place}"))?)
}

fn short_hash(place: &str) -> String {
    let hash = ContentHash::of(place.as_bytes()).to_string();
    hash.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str, key: &str) -> DaytonaConfig {
        DaytonaConfig::new(url, key).unwrap()
    }

    const URL: &str = "https://app.daytona.io/api";

    #[test]
    fn an_account_and_what_keeps_the_specs_make_an_environment_and_the_key_does_not() {
        let (one, two) = (Deployment("one".into()), Deployment("two".into()));
        let here = of_account(&config(URL, "k1"), &one).unwrap();
        assert!(here.as_str().starts_with("daytona-"), "{here}");
        assert_eq!(of_account(&config(URL, "k2"), &one).unwrap(), here);
        let others = [
            (config(URL, "k1"), &two),
            (config("https://daytona.example.org/api", "k1"), &one),
            (config(URL, "k1").with_organization_id("o"), &one),
        ];
        for (config, deployment) in others {
            assert_ne!(of_account(&config, deployment).unwrap(), here, "{config:?}");
        }
    }

    #[test]
    fn a_data_folder_is_told_from_every_other_one_for_ever() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let here = Deployment::in_folder(one.path()).unwrap();
        assert_eq!(Deployment::in_folder(one.path()).unwrap(), here);
        assert_ne!(Deployment::in_folder(two.path()).unwrap(), here);
        let moved = two.path().join("moved");
        fs::rename(one.path(), &moved).unwrap();
        assert_eq!(Deployment::in_folder(&moved).unwrap(), here);
    }

    #[test]
    fn a_data_folder_that_many_mark_at_once_has_one_identity() {
        let folder = tempfile::tempdir().unwrap();
        let mark = || Deployment::in_folder(folder.path()).unwrap();
        let all: Vec<Deployment> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(mark)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
    }
}
