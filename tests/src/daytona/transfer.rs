//! Files into a sandbox and out of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use crate::daytona::answer::{Answer, Refusal, now};
use crate::daytona::control::body;
use crate::daytona::files::{Arguments, argument, refused};
use crate::daytona::toolbox::Here;

fn is_multipart(request: &Request) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

async fn multipart(request: Request) -> Result<Multipart, Refusal> {
    Multipart::from_request(request, &())
        .await
        .map_err(|error| Refusal::bad_request(error.to_string()))
}

fn write(path: &Path, content: &[u8]) -> Result<(), Refusal> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(refused(path))?;
    }
    fs::write(path, content).map_err(refused(path))
}

fn broken(error: axum::extract::multipart::MultipartError) -> Refusal {
    let message = error.to_string();
    drop(error);
    Refusal::bad_request(message)
}

/// One file, as the body or as the part `file`.
pub(crate) async fn upload(
    Extension(here): Extension<Here>,
    arguments: Arguments,
    request: Request,
) -> Answer {
    let path = here.path(argument(&arguments, "path")?);
    let content = if is_multipart(&request) {
        let mut parts = multipart(request).await?;
        loop {
            let Some(part) = parts.next_field().await.map_err(broken)? else {
                return Err(Refusal::bad_request("file is required"));
            };
            if part.name() == Some("file") {
                break part.bytes().await.map_err(broken)?;
            }
        }
    } else {
        Bytes::from_request(request, &())
            .await
            .map_err(|error| Refusal::bad_request(error.to_string()))?
    };
    write(&path, &content)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Json(json!({ "name": name, "path": path, "type": "file" })).into_response())
}

/// Several files: parts `files[i].path` and `files[i].file`, in any order.
pub(crate) async fn bulk_upload(Extension(here): Extension<Here>, request: Request) -> Answer {
    let mut parts = multipart(request).await?;
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    let mut contents: BTreeMap<String, Bytes> = BTreeMap::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(index) = name.strip_suffix(".path") {
            paths.insert(index.to_owned(), part.text().await.map_err(broken)?);
        } else if let Some(index) = name.strip_suffix(".file") {
            contents.insert(index.to_owned(), part.bytes().await.map_err(broken)?);
        }
    }
    if contents.is_empty() {
        return Err(Refusal::bad_request("no files were sent"));
    }
    for (index, content) in contents {
        let path = paths
            .get(&index)
            .ok_or_else(|| Refusal::bad_request(format!("{index}: metadata is missing")))?;
        write(&here.path(path), &content)?;
    }
    Ok(axum::http::StatusCode::OK.into_response())
}

pub(crate) async fn download(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let path = here.path(argument(&arguments, "path")?);
    let content = read(&path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    let disposition = format!("attachment; filename=\"{}\"", name.replace('"', ""));
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let metadata = fs::metadata(path).map_err(refused(path))?;
    if metadata.is_dir() {
        return Err(Refusal::bad_request("path points to a directory"));
    }
    fs::read(path).map_err(refused(path))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    paths: Vec<String>,
}

/// Several files: a part `file` for each, or `error` where there is none to be had.
pub(crate) async fn bulk_download(Extension(here): Extension<Here>, bytes: Bytes) -> Answer {
    let Wanted { paths } = body(&bytes)?;
    if paths.is_empty() {
        return Err(Refusal::bad_request(
            "request body must be {paths: [...]} and non-empty",
        ));
    }
    let boundary = format!("fake{}", uuid::Uuid::now_v7().simple());
    let mut sent = Vec::new();
    for wanted in paths {
        let name = wanted.replace('"', "%22");
        let mut part = |field: &str, kind: &str, content: &[u8]| {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; \
                 filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
            );
            sent.extend_from_slice(head.as_bytes());
            sent.extend_from_slice(content);
            sent.extend_from_slice(b"\r\n");
        };
        match read(&here.path(&wanted)) {
            Ok(content) => part("file", "application/octet-stream", &content),
            Err(refusal) => {
                let error = refusal.of_part("/files/bulk-download", &now());
                part("error", "application/json", error.to_string().as_bytes());
            }
        }
    }
    sent.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={boundary}");
    Ok::<Response, _>(([(header::CONTENT_TYPE, kind)], Body::from(sent)).into_response())
}
