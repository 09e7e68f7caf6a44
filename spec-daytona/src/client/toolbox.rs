//! The toolbox of one sandbox: its files, its programs, its sessions.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use super::limits::Class;
use super::socket::LogSocket;
use super::{ApiError, Client, read};

/// Over the time that a command has, for the request itself.
const MARGIN: Duration = Duration::from_secs(15);

/// Where the toolbox of a sandbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolbox {
    base: Url,
}

/// A file to be uploaded, by its absolute path.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

/// What a short command came to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Executed {
    #[serde(default)]
    pub(crate) exit_code: i32,
    /// Both channels, as they came.
    #[serde(default)]
    pub(crate) result: String,
}

#[derive(Debug, Deserialize)]
struct Dir {
    dir: String,
}

#[derive(Debug, Serialize)]
struct Execute<'a> {
    command: &'a str,
    timeout: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateSession<'a> {
    session_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionExecute<'a> {
    command: &'a str,
    run_async: bool,
    suppress_input_echo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionExecuted {
    cmd_id: String,
}

impl Toolbox {
    pub(super) fn new(mut base: Url, sandbox_id: &str) -> Self {
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty().push(sandbox_id);
        }
        Self { base }
    }

    pub(super) fn request(&self, client: &Client, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        client.http.request(method, url)
    }

    /// The folder in which the sandbox's user works.
    pub(crate) async fn work_dir(&self, client: &Client) -> Result<String, ApiError> {
        let request = self.request(client, Method::GET, &["work-dir"]);
        let call = "GET /work-dir";
        let Dir { dir } = client.answer(Class::Toolbox, request, call).await?;
        if dir.starts_with('/') && !dir.contains('\0') {
            Ok(dir)
        } else {
            Err(ApiError::protocol(call, "names no absolute path"))
        }
    }

    /// Runs a command of the shell that takes at most `limit`. Dropping the future leaves it running.
    pub(crate) async fn execute(
        &self,
        client: &Client,
        command: &str,
        limit: Duration,
    ) -> Result<Executed, ApiError> {
        let timeout = limit.as_secs().max(1);
        let request = self
            .request(client, Method::POST, &["process", "execute"])
            .json(&Execute { command, timeout });
        let call = "POST /process/execute";
        let response = client
            .send_within(Class::Toolbox, request, call, limit + MARGIN)
            .await?;
        let body = read(response, super::MAX_ANSWER_BYTES, call).await?;
        serde_json::from_slice(&body).map_err(|error| {
            ApiError::protocol(call, "was answered with something else than expected")
                .with_source(error)
        })
    }

    /// Writes files into folders that exist.
    pub(crate) async fn upload(&self, client: &Client, files: &[Upload]) -> Result<(), ApiError> {
        let mut form = Form::new();
        for (index, file) in files.iter().enumerate() {
            let part = Part::bytes(file.content.clone()).file_name(format!("file{index}"));
            form = form
                .text(format!("files[{index}].path"), file.path.clone())
                .part(format!("files[{index}].file"), part);
        }
        let request = self
            .request(client, Method::POST, &["files", "bulk-upload"])
            .multipart(form);
        let call = "POST /files/bulk-upload";
        client.perform(Class::Toolbox, request, call).await
    }

    /// The bytes of a file of at most `max` bytes.
    pub(crate) async fn download(
        &self,
        client: &Client,
        path: &str,
        max: usize,
    ) -> Result<Vec<u8>, ApiError> {
        let request = self
            .request(client, Method::GET, &["files", "download"])
            .query(&[("path", path)]);
        let call = "GET /files/download";
        let response = client.send(Class::Toolbox, request, call).await?;
        read(response, max, call).await
    }

    /// Makes a session, which is a shell that runs one command after the other. Fine if it exists.
    pub(super) async fn create_session(
        &self,
        client: &Client,
        session: &str,
    ) -> Result<(), ApiError> {
        let request = self
            .request(client, Method::POST, &["process", "session"])
            .json(&CreateSession {
                session_id: session,
            });
        let call = "POST /process/session";
        match client.perform(Class::Toolbox, request, call).await {
            Err(error) if error.is_conflict() => Ok(()),
            outcome => outcome,
        }
    }

    /// Starts a command in a session; its id there.
    ///
    /// The command is *sourced* by the session's shell, so that it must start a child and nothing
    /// else, and it is kept and shown to whoever asks: it holds no secret.
    pub(super) async fn start_command(
        &self,
        client: &Client,
        session: &str,
        command: &str,
    ) -> Result<String, ApiError> {
        let request = self
            .request(
                client,
                Method::POST,
                &["process", "session", session, "exec"],
            )
            .json(&SessionExecute {
                command,
                run_async: true,
                suppress_input_echo: true,
            });
        let call = "POST /process/session/{id}/exec";
        let SessionExecuted { cmd_id } = client.answer(Class::Toolbox, request, call).await?;
        Ok(cmd_id)
    }

    /// Ends a session and what runs in it. Fine if there is none.
    pub(super) async fn delete_session(
        &self,
        client: &Client,
        session: &str,
    ) -> Result<(), ApiError> {
        let request = self.request(client, Method::DELETE, &["process", "session", session]);
        let call = "DELETE /process/session/{id}";
        match client.perform(Class::Toolbox, request, call).await {
            Err(error) if error.is_not_found() => Ok(()),
            outcome => outcome,
        }
    }

    /// Follows what a command prints, from its beginning.
    pub(super) async fn follow(
        &self,
        client: &Client,
        session: &str,
        command: &str,
        limit: Duration,
    ) -> Result<LogSocket, ApiError> {
        let path = ["process", "session", session, "command", command, "logs"];
        let key = LogSocket::key();
        let request = self
            .request(client, Method::GET, &path)
            .query(&[("follow", "true")])
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", &key);
        let call = "GET /process/session/{id}/command/{id}/logs";
        // Its time bounds the whole connection, which may last as long as the run.
        let sent = client.send_within(Class::Toolbox, request, call, limit);
        let response = tokio::time::timeout(client.config().request_timeout(), sent)
            .await
            .map_err(|_elapsed| ApiError::connection(format!("no answer to {call} in time")))??;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ApiError::protocol(call, "was not answered with a socket"));
        }
        LogSocket::accept(response, &key).await
    }
}
