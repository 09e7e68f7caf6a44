//! Keeps specs in a database.
#![cfg_attr(feature = "sqlite", doc = "\n", doc = include_str!("../README.md"))]

#[cfg(feature = "sqlite")]
mod error;
#[cfg(feature = "sqlite")]
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
