//! The machine's server programs, and the user that may run them.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of `initdb` and `pg_ctl`: on the path, where Debian keeps them, or where `pg_config`
/// says; the newest version first.
///
/// # Panics
///
/// When there is none, with the line that installs them.
pub(crate) fn folder() -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    on_path
        .into_iter()
        .chain(debian())
        .chain(configured())
        // A link on the path may stand alone; its target lies beside the other programs.
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|initdb| initdb.parent().map(Path::to_owned))
        .find(|folder| folder.join("pg_ctl").is_file())
        .unwrap_or_else(|| {
            panic!(
                "the tests need a Postgres server: set TEST_DATABASE_URL to one, or install one:\n    \
                 sudo apt-get install --yes --no-install-recommends postgresql"
            )
        })
}

fn debian() -> Vec<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut folders: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(folder.trim()))
}

/// A user, by number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) group: u32,
}

impl User {
    /// Who is to run the server, which refuses to run as root.
    pub(crate) fn of_server() -> Self {
        match Self::named(None) {
            Some(Self { id: 0, group: _ }) => Self::named(Some("postgres"))
                .expect("root cannot run a Postgres server; its package makes a user `postgres`"),
            Some(user) => user,
            None => panic!("`id` tells who runs the tests"),
        }
    }

    fn named(name: Option<&str>) -> Option<Self> {
        let number = |flag| {
            let output = Command::new("id").arg(flag).args(name).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        Some(Self {
            id: number("-u")?,
            group: number("-g")?,
        })
    }

    /// A program that runs as this user, in a process group of its own: what ends a test's group
    /// does not end it.
    pub(crate) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.process_group(0);
        if Self::named(None).is_some_and(|own| own.id != self.id) {
            command.uid(self.id).gid(self.group);
        }
        command
    }
}
