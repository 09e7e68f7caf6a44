//! The runner processes: started, killed, and started again.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::database::{PostgresUrl, VARIABLE};

/// How runner processes have ended.
#[derive(Debug, Clone, Copy, Default)]
pub struct Toll {
    /// Killed.
    pub killed: u32,
    /// By themselves, which none should.
    pub ended: u32,
}

/// Runner processes, all started alike. Those that are left are killed when this is dropped.
#[derive(Debug)]
pub struct Workers {
    database: PostgresUrl,
    arguments: Vec<OsString>,
    children: Vec<Child>,
    toll: Toll,
}

impl Workers {
    /// Starts this program `count` times with `arguments`, on `database`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(
        count: u32,
        database: PostgresUrl,
        arguments: Vec<OsString>,
    ) -> std::io::Result<Self> {
        let mut workers = Self {
            database,
            arguments,
            children: Vec::new(),
            toll: Toll::default(),
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
            self.toll.add(child).await?;
            *child = next;
        }
        Ok(())
    }

    /// Ends all, and tells of those that ended before.
    ///
    /// # Errors
    ///
    /// When one cannot be killed.
    pub async fn end(mut self) -> std::io::Result<Toll> {
        let killed = self.toll.killed;
        for child in &mut self.children {
            self.toll.add(child).await?;
        }
        Ok(Toll {
            killed,
            ..self.toll
        })
    }

    fn spawn(&self) -> std::io::Result<Child> {
        Command::new(std::env::current_exe()?)
            .args(&self.arguments)
            // Everybody can read the arguments of a process.
            .env(VARIABLE, self.database.expose())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

impl Toll {
    /// Kills the process, if it still runs.
    async fn add(&mut self, child: &mut Child) -> std::io::Result<()> {
        if child.try_wait()?.is_some() {
            self.ended += 1;
            return Ok(());
        }
        child.kill().await?;
        self.killed += 1;
        Ok(())
    }
}
