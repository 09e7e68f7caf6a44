//! Values of the command line that may hold a password.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use anyhow::Context as _;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// Reads a value from the command line, and does not repeat it when it cannot be used.
#[derive(Debug)]
pub struct Discreet<T>(PhantomData<fn() -> T>);

impl<T> Discreet<T> {
    /// A reader of such values.
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Default for Discreet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Discreet<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T> TypedValueParser for Discreet<T>
where
    T: FromStr<Err = anyhow::Error> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let text = value.to_str().context("must be UTF-8");
        text.and_then(str::parse).map_err(|why| {
            let argument = argument.map(ToString::to_string).unwrap_or_default();
            // The usual message repeats the value, and with it the password.
            clap::Error::raw(ErrorKind::ValueValidation, format!("{argument} {why}\n"))
                .with_cmd(command)
        })
    }
}
