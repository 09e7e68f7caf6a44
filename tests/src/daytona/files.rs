//! Files of a sandbox: list, look, move, allow, remove.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde_json::{Value, json};
use spec_core::clock::Timestamp;

use crate::daytona::answer::{Answer, Refusal};
use crate::daytona::toolbox::Here;

pub(crate) type Arguments = Query<BTreeMap<String, String>>;

/// A required argument.
pub(crate) fn argument<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, Refusal> {
    match arguments.get(name) {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) | None => Err(Refusal::bad_request(format!("{name} is required"))),
    }
}

/// The daemon's answer to a failure of the file system.
pub(crate) fn refused(path: &Path) -> impl Fn(io::Error) -> Refusal {
    let path = path.display().to_string();
    move |error| {
        let message = format!("{path}: {error}");
        if error.kind() == io::ErrorKind::NotFound {
            Refusal::not_found(message).code("FILE_NOT_FOUND")
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            Refusal::new(StatusCode::FORBIDDEN, message).code("FILE_ACCESS_DENIED")
        } else {
            Refusal::bad_request(message).code("BAD_REQUEST")
        }
    }
}

fn described(path: &Path, metadata: &Metadata) -> Value {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let seconds = metadata.mtime();
    let modified = Timestamp::from_micros(seconds.saturating_mul(1_000_000)).to_string();
    let mode = metadata.mode() & 0o7777;
    let kind = if metadata.is_dir() { 'd' } else { '-' };
    let bits: String = "rwxrwxrwx"
        .chars()
        .enumerate()
        .map(|(at, letter)| {
            if mode & (0o400 >> at) == 0 {
                '-'
            } else {
                letter
            }
        })
        .collect();
    json!({
        "name": name,
        "path": path,
        "isDir": metadata.is_dir(),
        "size": metadata.len(),
        "modTime": modified,
        "modifiedAt": modified,
        "mode": format!("{kind}{bits}"),
        "permissions": format!("{mode:04o}"),
        "owner": metadata.uid().to_string(),
        "group": metadata.gid().to_string(),
    })
}

pub(crate) async fn list(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let path = here.path(arguments.get("path").map_or("", String::as_str));
    let depth = arguments.get("depth").and_then(|depth| depth.parse().ok());
    let mut found = Vec::new();
    collect(&path, depth.unwrap_or(1), &mut found).map_err(refused(&path))?;
    Ok(Json(found).into_response())
}

fn collect(folder: &Path, depth: u32, found: &mut Vec<Value>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let metadata = entry.metadata()?;
        found.push(described(&entry.path(), &metadata));
        if metadata.is_dir() && depth > 1 {
            collect(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

pub(crate) async fn info(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let path = here.path(argument(&arguments, "path")?);
    let metadata = fs::metadata(&path).map_err(refused(&path))?;
    Ok(Json(described(&path, &metadata)).into_response())
}

fn mode(text: &str) -> Result<u32, Refusal> {
    let parsed = u32::from_str_radix(text, 8).ok();
    parsed.ok_or_else(|| Refusal::bad_request("invalid mode format"))
}

pub(crate) async fn make_folder(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let path = here.path(argument(&arguments, "path")?);
    let mode = mode(argument(&arguments, "mode")?)?;
    fs::create_dir_all(&path).map_err(refused(&path))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(refused(&path))?;
    Ok(StatusCode::CREATED.into_response())
}

pub(crate) async fn rename(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let from = here.path(argument(&arguments, "source")?);
    let to = here.path(argument(&arguments, "destination")?);
    fs::symlink_metadata(&from).map_err(refused(&from))?;
    if to.exists() {
        return Err(Refusal::conflict(format!("{} exists", to.display())));
    }
    fs::rename(&from, &to).map_err(refused(&to))?;
    Ok(StatusCode::OK.into_response())
}

pub(crate) async fn set_permissions(
    Extension(here): Extension<Here>,
    arguments: Arguments,
) -> Answer {
    let path = here.path(argument(&arguments, "path")?);
    if let Some(text) = arguments.get("mode").filter(|mode| !mode.is_empty()) {
        let permissions = fs::Permissions::from_mode(mode(text)?);
        fs::set_permissions(&path, permissions).map_err(refused(&path))?;
    }
    // Owner and group stay: everything in a sandbox of the fake is whose the fake is.
    fs::metadata(&path).map_err(refused(&path))?;
    Ok(StatusCode::OK.into_response())
}

pub(crate) async fn delete(Extension(here): Extension<Here>, arguments: Arguments) -> Answer {
    let path = here.path(argument(&arguments, "path")?);
    let metadata = fs::symlink_metadata(&path).map_err(refused(&path))?;
    if metadata.is_dir() {
        if arguments.get("recursive").map(String::as_str) != Some("true") {
            return Err(Refusal::bad_request(
                "cannot delete directory without recursive flag",
            ));
        }
        fs::remove_dir_all(&path).map_err(refused(&path))?;
    } else {
        fs::remove_file(&path).map_err(refused(&path))?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
