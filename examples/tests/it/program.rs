//! A program that runs, and what it says.

use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

use crate::world::PATIENCE;

/// A program under way. It is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
    /// Lines of standard error that [`line`](Self::line) has read.
    seen: String,
}

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// The exit code; `None` when a signal ended it.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

impl Program {
    /// Starts it in a process group of its own.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        Self {
            stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
            stderr: BufReader::new(child.stderr.take().unwrap()).lines(),
            child,
            seen: String::new(),
        }
    }

    /// Waits for a line of standard error with these words in it.
    pub(crate) async fn line(&mut self, words: &[&str]) -> String {
        let reading = async {
            while let Some(line) = self.stderr.next_line().await.unwrap() {
                self.seen.extend([line.as_str(), "\n"]);
                if words.iter().all(|word| line.contains(word)) {
                    return line;
                }
            }
            panic!("it ended without {words:?}: {}", self.seen);
        };
        let found = timeout(PATIENCE, reading).await;
        found.unwrap_or_else(|_| panic!("no {words:?}"))
    }

    /// The next line of standard output.
    pub(crate) async fn stdout_line(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.stdout.next_line()).await;
        line.expect("a line of standard output").unwrap()
    }

    fn pid(&self) -> Pid {
        let pid = self.child.id().expect("it has not been waited for");
        Pid::from_raw(i32::try_from(pid).unwrap())
    }

    /// Sends it a signal, and no other process.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Kills it, and with `group` everything in its process group.
    pub(crate) async fn kill(mut self, group: bool) {
        if group {
            killpg(self.pid(), Signal::SIGKILL).unwrap();
        } else {
            self.signal(Signal::SIGKILL);
        }
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
    }

    /// Waits for its end, and hands out everything it said.
    pub(crate) async fn finish(self) -> Finished {
        let Self {
            mut child,
            stdout,
            stderr,
            mut seen,
        } = self;
        let all = async {
            tokio::join!(
                child.wait(),
                rest(stdout.into_inner()),
                rest(stderr.into_inner())
            )
        };
        let ended = timeout(PATIENCE, all).await;
        let (status, stdout, more) = ended.unwrap_or_else(|_| panic!("no end: {seen}"));
        seen.push_str(&more);
        Finished {
            status: status.unwrap(),
            stdout,
            stderr: seen,
        }
    }
}

async fn rest(mut stream: impl AsyncRead + Unpin) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}
