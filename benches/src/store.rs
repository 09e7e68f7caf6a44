//! Our store on a database.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use spec_core::SpecStore;
use spec_sqlx::SqliteStore;

/// What the store under test is called, so that no number is taken for another's.
pub(crate) const NAME: &str = "SQLite, in place of Postgres";

/// Opens the store in the database at `url`.
///
/// Stands in until there is a store on Postgres: a file in the temporary folder, named after the
/// database. Several processes share it.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn SpecStore>> {
    let name = url.rsplit('/').next().context("the URL has no path")?;
    let path = std::env::temp_dir().join(format!("{name}.sqlite"));
    Ok(Arc::new(SqliteStore::open(path).await?))
}
