//! Where sandboxes are: in folders of this machine, or at Daytona.

mod advice;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use spec_core::SandboxSpawner;
use spec_core::id::Environment;
use spec_daytona::{DaytonaConfig, DaytonaSpawner};
use spec_local::LocalSpawner;
use tokio::time::timeout;
use url::Url;

use crate::database::PostgresUrl;
use crate::environment::{Deployment, of_account, of_this_machine};
use crate::repositories::is_this_machine;

use advice::Advised;

/// Longest wait for Daytona at the beginning of a program.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for it at the end.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// Who makes sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Spawner {
    /// This machine, in its data folder.
    Local,
    /// Daytona, in the account that the environment names.
    Daytona,
}

/// The arguments that say where sandboxes are.
#[derive(Debug, Clone, Args)]
pub struct SandboxArguments {
    /// Where sandboxes are made. Daytona is reached as `DAYTONA_API_URL` and `DAYTONA_API_KEY` say,
    /// and `DAYTONA_TARGET` and `DAYTONA_ORGANIZATION_ID` if they are set.
    #[arg(long, value_enum, default_value_t = Spawner::Local)]
    spawner: Spawner,
    /// The snapshot at Daytona that sandboxes are made from; by default that of the account.
    #[arg(long, value_name = "NAME")]
    daytona_snapshot: Option<String>,
    /// Labels sandboxes at Daytona with NAME, which no other deployment in the account may use; by
    /// default with one made from the database and the account.
    #[arg(long, value_name = "NAME")]
    environment: Option<Environment>,
}

impl SandboxArguments {
    /// What the arguments say, together with the environment.
    ///
    /// # Errors
    ///
    /// Names the variable or argument that is missing or cannot be used.
    pub fn sandboxes(self) -> anyhow::Result<Sandboxes> {
        let Self {
            spawner,
            daytona_snapshot,
            environment,
        } = self;
        let provider = match spawner {
            Spawner::Local => {
                for (given, name) in [
                    (daytona_snapshot.is_some(), "--daytona-snapshot"),
                    (environment.is_some(), "--environment"),
                ] {
                    if given {
                        bail!("{name} is for sandboxes at Daytona: add --spawner daytona");
                    }
                }
                Provider::ThisMachine
            }
            Spawner::Daytona => Provider::Daytona(Box::new(Account {
                config: account(daytona_snapshot)?,
                environment,
            })),
        };
        Ok(Sandboxes { provider })
    }
}

/// The account that the environment names, with sandboxes from that snapshot.
///
/// # Errors
///
/// Names the variable that is missing or cannot be used.
pub fn account(snapshot: Option<String>) -> anyhow::Result<DaytonaConfig> {
    let config = DaytonaConfig::from_env()?;
    Ok(match snapshot {
        Some(snapshot) => config.with_snapshot(snapshot),
        None => config,
    })
}

/// Asks Daytona whether the account can be used, and says what is worth knowing of it.
///
/// # Errors
///
/// When nothing like Daytona answers, the key is not known, or it lacks a permission.
pub async fn preflight(config: &DaytonaConfig, say: &(dyn Fn(&str) + Sync)) -> anyhow::Result<()> {
    let url = config.api_url();
    say(&format!("sandboxes are made at Daytona, {url}"));
    // Somebody waits here, other than later.
    let daytona = DaytonaSpawner::new(config.clone().with_outage_limit(BEGIN_WITHIN))?;
    let found = daytona.preflight().await.with_context(|| {
        format!("cannot use the account at {url} that DAYTONA_API_URL and DAYTONA_API_KEY name")
    })?;
    let version = found.api_version.as_deref();
    say(&format!(
        "Daytona {}, default snapshot: {}",
        version.unwrap_or("does not say its version"),
        found.default_snapshot.as_deref().unwrap_or("none")
    ));
    if found.maintenance {
        say("note: Daytona is in maintenance and may refuse to make sandboxes");
    }
    Ok(())
}

/// A spawner, and what has to be seen to before its program ends.
#[derive(Debug)]
pub struct Made {
    /// The spawner.
    pub spawner: Arc<dyn SandboxSpawner>,
    daytona: Option<DaytonaSpawner>,
}

impl Made {
    /// Waits for requests for sandboxes that are under way, though not for ever: a sandbox that is
    /// made later is found by its name, and has its time to live.
    pub async fn close(&self) {
        if let Some(daytona) = &self.daytona
            && timeout(CLOSE_WITHIN, daytona.close()).await.is_err()
        {
            tracing::warn!("Daytona has not answered a request for a sandbox");
        }
    }
}

/// Where sandboxes are.
#[derive(Debug, Clone)]
pub struct Sandboxes {
    provider: Provider,
}

#[derive(Debug, Clone)]
enum Provider {
    ThisMachine,
    Daytona(Box<Account>),
}

#[derive(Debug, Clone)]
struct Account {
    config: DaytonaConfig,
    environment: Option<Environment>,
}

impl Sandboxes {
    /// True when they can read folders of this machine.
    #[must_use]
    pub fn reach_folders(&self) -> bool {
        match &self.provider {
            Provider::ThisMachine => true,
            // A server on this machine is one for tests, and its sandboxes are here too.
            Provider::Daytona(account) => Url::parse(account.config.api_url())
                .is_ok_and(|url| url.host().is_some_and(|host| is_this_machine(&host))),
        }
    }

    /// True when they are folders of this machine.
    #[must_use]
    pub fn are_local(&self) -> bool {
        matches!(self.provider, Provider::ThisMachine)
    }

    /// The file that specs are kept in where no database is named. Each provider has one of its own:
    /// specs that are under way at the one are of no use to the other, and it would take their
    /// sandboxes for gone.
    #[must_use]
    pub fn database_file(&self) -> &'static str {
        match &self.provider {
            Provider::ThisMachine => "spec.db",
            Provider::Daytona(_) => "daytona.db",
        }
    }

    /// Makes the spawner, and says what is worth knowing of it. A sandbox at Daytona that cannot reach
    /// one of the `endpoints` is refused; on this machine the network is that of this machine.
    ///
    /// # Errors
    ///
    /// When the account cannot be used.
    pub async fn spawner(
        &self,
        data: &Path,
        endpoints: &[Url],
        say: &(dyn Fn(&str) + Sync),
    ) -> anyhow::Result<Made> {
        let account = match &self.provider {
            Provider::ThisMachine => {
                return Ok(Made {
                    spawner: Arc::new(on_this_machine(data).await),
                    daytona: None,
                });
            }
            Provider::Daytona(account) => account,
        };
        preflight(&account.config, say).await?;
        let reachable =
            |config: DaytonaConfig, endpoint: &Url| config.with_required_endpoint(endpoint.clone());
        let config = endpoints.iter().fold(account.config.clone(), reachable);
        let daytona = DaytonaSpawner::new(config)?;
        Ok(Made {
            spawner: Arc::new(Advised::new(daytona.clone())),
            daytona: Some(daytona),
        })
    }

    /// What the sandboxes of this deployment are labelled with.
    ///
    /// # Errors
    ///
    /// When the data folder or the database does not tell.
    pub async fn environment(
        &self,
        data: &Path,
        database: Option<&PostgresUrl>,
    ) -> anyhow::Result<Environment> {
        let account = match &self.provider {
            Provider::ThisMachine => return of_this_machine(data, database),
            Provider::Daytona(account) => account,
        };
        if let Some(named) = &account.environment {
            return Ok(named.clone());
        }
        let deployment = match database {
            Some(database) => Deployment::in_database(database).await?,
            None => Deployment::in_folder(data)?,
        };
        of_account(&account.config, &deployment)
    }
}

async fn on_this_machine(data: &Path) -> LocalSpawner {
    let spawner = LocalSpawner::new(data.join("sandboxes"));
    // The machine itself ends what no attempt needs. This ends what has outlived its time, whoever
    // needs it, and what was never finished, which no list shows.
    if let Err(error) = spawner.sweep_expired().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "cannot end expired sandboxes"
        );
    }
    spawner
}
