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
        in_shell(&format!(
            "umask 077; mkdir -p {root} {incoming} || exit 1; for tool in {tools}; do command -v $tool \
             >/dev/null 2>&1 || echo \"missing $tool\"; done",
            root = quote(&self.root),
            incoming = quote(incoming),
            tools = TOOLS.join(" "),
        ))
    }

    /// Puts the uploaded scripts into their place.
    pub(crate) fn install(&self, incoming: &str) -> String {
        in_shell(&format!(
            "cd {incoming} && chmod 700 askpass.sh && mv -f -- * {control}/ && rm -rf {incoming}",
            incoming = quote(incoming),
            control = quote(&self.control),
        ))
    }
}

/// A script as one command, whatever the toolbox hands commands to: there have been those without a
/// shell.
fn in_shell(script: &str) -> String {
    format!("sh -c {}", quote(script))
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

    /// A control folder with the script in it, and programs that stand before those of the machine.
    struct Control {
        folder: std::path::PathBuf,
    }

    impl Control {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("spec-script-{}", uuid::Uuid::now_v7()));
            std::fs::create_dir_all(folder.join("tools")).unwrap();
            std::fs::create_dir_all(folder.join("runs/r")).unwrap();
            let control = Self { folder };
            for (name, text) in FILES {
                control.write(name, text);
            }
            control
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        fn tool(&self, name: &str, text: &str) {
            use std::os::unix::fs::PermissionsExt as _;
            self.write(&format!("tools/{name}"), &format!("#!/bin/sh\n{text}\n"));
            let path = self.folder.join("tools").join(name);
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }

        fn has(&self, path: &str) -> bool {
            self.folder.join(path).exists()
        }

        fn text(&self, path: &str) -> String {
            self.folder.join(path).display().to_string()
        }

        fn verb(&self, arguments: &[&str]) -> String {
            let path = std::env::var("PATH").unwrap();
            let done = std::process::Command::new("sh")
                .arg(self.folder.join("spec.sh"))
                .arg(&self.folder)
                .args(arguments)
                .env("PATH", format!("{}:{path}", self.text("tools")))
                .output()
                .unwrap();
            String::from_utf8(done.stdout).unwrap()
        }
    }

    impl Drop for Control {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.folder).unwrap();
        }
    }

    #[test]
    fn output_that_could_not_be_sent_whole_is_not_taken_for_sent() {
        let control = Control::new();
        control.write("runs/r/pid", "1 0 x\n");
        control.write("runs/r/exit", "exited 0\n");
        control.write("runs/r/out", "hello\n");
        control.write("runs/r/err", "");
        let ask = || control.verb(&["frames", "r", "0", "0", "once"]);
        assert_eq!(ask(), "o 0 aGVsbG8K\nend exited 0\n");
        // As if it was killed.
        control.tool("base64", "kill -9 $$");
        assert_eq!(ask(), "more\n");
    }

    #[test]
    fn a_run_whose_end_nobody_took_note_of_is_dead() {
        let control = Control::new();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let stat = format!("/proc/{}/stat", child.id());
        let fields = loop {
            let text = std::fs::read_to_string(&stat).unwrap();
            let (_, rest) = text.rsplit_once(") ").unwrap();
            let fields: Vec<String> = rest.split(' ').map(str::to_owned).collect();
            if fields[0] == "Z" {
                break fields;
            }
            std::thread::yield_now();
        };
        let pid = format!("{} {} boot\n", child.id(), fields[19]);
        control.write("runs/r/pid", &pid);
        control.write("runs/r/out", "");
        control.write("runs/r/err", "");
        assert_eq!(control.verb(&["frames", "r", "0", "0", "once"]), "dead\n");
        child.wait().unwrap();
    }

    #[test]
    fn a_network_that_swallows_everything_is_out_of_reach() {
        let control = Control::new();
        control.tool("timeout", "exit 124");
        control.tool("git", "exit 1");
        let said = control.verb(&["reach", "https://192.0.2.1/"]);
        let kind = spec_core::sandbox::git::refusal(&said).kind();
        assert_eq!(kind, spec_core::sandbox::SpawnErrorKind::Unavailable);
    }

    #[test]
    fn a_file_takes_the_place_of_a_link_to_a_folder() {
        let control = Control::new();
        control.write("root/folder/kept", "");
        let path = control.text("root/file");
        std::os::unix::fs::symlink("folder", &path).unwrap();
        control.write("incoming/i/0", "text");
        control.write("incoming/i/manifest", &format!("- {path}\n"));
        control.verb(&["install-files", &control.text("incoming/i")]);
        assert!(!control.has("root/folder/0"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
    }

    #[test]
    fn the_first_program_that_is_not_there_is_told_whatever_the_environment_sets() {
        let control = Control::new();
        let (folder, repository) = (control.text("root/runs/r"), control.text("runs"));
        let said = |programs: &str| {
            let path = control.text("tools");
            let incoming = control.text("incoming/i");
            let env = format!(
                "export PATH='{path}'\nexport incoming=x number=7 program=x programs=x missing=x\n"
            );
            control.write("incoming/i/env", &env);
            control.write("incoming/i/programs", programs);
            control.verb(&["prepare-run", &incoming, "r", &folder, &repository])
        };
        control.tool("agent", "");
        control.tool("two\nlines", "");
        assert_eq!(said("set -- sh agent\n"), "no-program 0\n");
        assert_eq!(said("set -- agent ../tools/agent sh\n"), "no-program 2\n");
        assert_eq!(said("set -- agent ../tools/x agent\n"), "no-program 1\n");
        assert!(!control.has("runs/r/programs"));
        assert_eq!(
            said("set -- agent '../tools/two\nlines' 'two\nlines'\n"),
            "prepared\n"
        );
        assert!(control.has("runs/r/programs"));
    }

    #[test]
    fn credentials_that_a_dead_host_left_are_gone_before_a_program_starts() {
        let control = Control::new();
        for left in ["incoming/old/password", "runs/checkout/password"] {
            control.write(left, "hunter2");
        }
        control.write("incoming/i/programs", "set -- true\n");
        control.write("incoming/i/env", "");
        let (incoming, folder) = (control.text("incoming/i"), control.text("root/runs/r"));
        let repository = control.text("runs");
        let said = control.verb(&["prepare-run", &incoming, "r", &folder, &repository]);
        assert_eq!(said, "prepared\n");
        assert!(control.has("runs/r/env"));
        assert!(!control.has("incoming/old/password"));
        assert!(!control.has("runs/checkout/password"));
    }
}
