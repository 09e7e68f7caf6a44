//! The runner processes: started, killed, and started again.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::{Child, Command};

/// Runner processes, all started alike. Those that are left are killed when this is dropped.
#[derive(Debug)]
pub struct Workers {
    arguments: Vec<OsString>,
    children: Vec<Child>,
    kills: u32,
}

impl Workers {
    /// Starts this program `count` times with `arguments`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(count: u32, arguments: Vec<OsString>) -> std::io::Result<Self> {
        let mut workers = Self {
            arguments,
            children: Vec::new(),
            kills: 0,
        };
        for _worker in 0..count {
            let child = workers.spawn()?;
            workers.children.push(child);
        }
        Ok(workers)
    }

    /// Kills one of them, without warning, and starts another in its place.
    ///
    /// # Errors
    ///
    /// When it cannot be killed or the other cannot be started.
    pub async fn kill_one(&mut self, random: usize) -> std::io::Result<()> {
        let count = self.children.len().max(1);
        let next = self.spawn()?;
        if let Some(child) = self.children.get_mut(random % count) {
            child.kill().await?;
            *child = next;
            self.kills += 1;
        }
        Ok(())
    }

    /// How many were killed.
    #[must_use]
    pub fn kills(&self) -> u32 {
        self.kills
    }

    /// Ends all.
    ///
    /// # Errors
    ///
    /// When one cannot be killed.
    pub async fn end(mut self) -> std::io::Result<()> {
        for child in &mut self.children {
            child.kill().await?;
        }
        Ok(())
    }

    fn spawn(&self) -> std::io::Result<Child> {
        Command::new(std::env::current_exe()?)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}
