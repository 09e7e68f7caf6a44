//! Values of the command line that may hold a password.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use url::Url;

use crate::repositories::is_this_machine;

/// Reads an address on the web: one without credentials, and over TLS unless it is of this machine.
/// `secret` would travel to it, and `instead` is what to do with one that stands in it.
///
/// # Errors
///
/// Says what is wrong, and never repeats the text: somebody may have put a secret into it.
pub fn web_address(text: &str, secret: &str, instead: &str) -> anyhow::Result<Url> {
    let Ok(url) = Url::parse(text) else {
        bail!("is not of the form https://HOST/PATH");
    };
    let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
        bail!("must begin with https://");
    };
    if url.scheme() == "http" && !is_this_machine(&host) {
        bail!("must begin with https://, or {secret} would travel in clear text");
    }
    if !url.username().is_empty() || url.password().is_some() {
        bail!("must not hold credentials; {instead}");
    }
    if url.query().is_some() || url.fragment().is_some() {
        bail!("must not hold a query or a fragment");
    }
    Ok(url)
}

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
