//! The scripts that run in a sandbox, and the places that they know.

use spec_core::id::RunKey;
use spec_core::sandbox::posix::{self, quote};
use spec_core::sandbox::{Layout, SandboxPath};

/// The name under which the checkout is run; no run of an agent is called so.
pub(crate) const CHECKOUT: &str = "checkout";

/// Programs that the scripts need, beside a POSIX shell.
const TOOLS: [&str; 17] = [
    "base64", "cat", "chmod", "env", "git", "head", "mkdir", "mv", "readlink", "rm", "setsid",
    "sh", "sleep", "tail", "timeout", "tr", "wc",
];

/// Files of the control folder.
pub(crate) const FILES: [(&str, &str); 5] = [
    ("spec.sh", include_str!("script/spec.sh")),
    ("supervise.sh", posix::SUPERVISOR),
    ("inner.sh", posix::INNER),
    ("askpass.sh", include_str!("script/askpass.sh")),
    ("gitconfig", include_str!("script/gitconfig")),
];

/// Where things are in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    /// What [`SandboxPath`]s are relative to.
    pub(crate) root: String,
    /// What belongs to the host: scripts, and the record of each run.
    pub(crate) control: String,
}

impl Folders {
    /// Below the folder in which the sandbox's user works.
    pub(crate) fn in_work_dir(work_dir: &str) -> Self {
        let work_dir = work_dir.trim_end_matches('/');
        Self::of_root(format!("{work_dir}/spec"))
    }

    pub(crate) fn of_root(root: String) -> Self {
        let (parent, name) = root.rsplit_once('/').unwrap_or(("", &root));
        Self {
            control: format!("{parent}/.{name}"),
            root,
        }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            root: self.root.clone(),
            repository: format!("{}/repo", self.root),
        }
    }

    pub(crate) fn absolute(&self, path: &SandboxPath) -> String {
        format!("{}/{path}", self.root)
    }

    /// A folder for what is uploaded at one time.
    pub(crate) fn incoming(&self) -> String {
        format!("{}/incoming/{}", self.control, uuid::Uuid::now_v7())
    }

    /// The record of a run.
    pub(crate) fn record(&self, run: &str) -> String {
        format!("{}/runs/{run}", self.control)
    }

    /// A command for the shell: one verb of the script.
    pub(crate) fn verb(&self, verb: &str, arguments: &[&str]) -> String {
        let mut command = format!(
            "sh {}/spec.sh {}",
            quote(&self.control),
            quote(&self.control)
        );
        for word in [verb].iter().chain(arguments) {
            command.push(' ');
            command.push_str(&quote(word));
        }
        command
    }

    /// A command for a shell without the scripts: makes the folders, and names the tools that are
    /// missing.
    pub(crate) fn make(&self, incoming: &str) -> String {
        format!(
            "umask 077; mkdir -p {root} {incoming} || exit 1; for tool in {tools}; do command -v $tool \
             >/dev/null 2>&1 || echo \"missing $tool\"; done",
            root = quote(&self.root),
            incoming = quote(incoming),
            tools = TOOLS.join(" "),
        )
    }

    /// Puts the uploaded scripts into their place.
    pub(crate) fn install(&self, incoming: &str) -> String {
        format!(
            "cd {incoming} && chmod 700 askpass.sh && mv -f -- * {control}/ && rm -rf {incoming}",
            incoming = quote(incoming),
            control = quote(&self.control),
        )
    }
}

/// What a run is called in a sandbox.
pub(crate) fn name_of(run: &RunKey) -> String {
    run.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_from_the_root_alone() {
        let folders = Folders::in_work_dir("/home/daytona/");
        assert_eq!(folders.root, "/home/daytona/spec");
        assert_eq!(folders.control, "/home/daytona/.spec");
        assert_eq!(Folders::of_root(folders.root.clone()), folders);
        assert_eq!(folders.layout().repository, "/home/daytona/spec/repo");
    }

    #[test]
    fn every_word_of_a_command_is_one_word() {
        let folders = Folders::in_work_dir("/home/a b");
        assert_eq!(
            folders.verb("read-file", &["it's"]),
            r"sh '/home/a b/.spec'/spec.sh '/home/a b/.spec' 'read-file' 'it'\''s'"
        );
    }
}
