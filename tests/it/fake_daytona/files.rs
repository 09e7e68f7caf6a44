//! Files and git.

use std::fs;
use std::path::Path;
use std::process::Command;

use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use spec_tests::daytona::FakeOptions;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::client::start;

#[tokio::test]
async fn a_file_comes_back_as_it_was_sent() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    let content = b"hello\0world\xff".to_vec();
    let raw = client
        .request("POST", &format!("/toolbox/{id}/files/upload-v2?path=a/raw"))
        .header("content-type", "application/octet-stream")
        .body(content.clone());
    let sent = client.send(raw).await.unwrap().expect(200);
    assert_eq!(sent["name"], "raw");
    let form = Form::new().part("file", Part::bytes(content.clone()).file_name("x"));
    let path = format!("/toolbox/{id}/files/upload?path=a/form");
    let parts = client.request("POST", &path).multipart(form);
    client.send(parts).await.unwrap().expect(200);
    let form = Form::new()
        .text("files[0].path", "a/first")
        .part("files[0].file", Part::bytes(content.clone()).file_name("x"))
        .text("files[1].path", "b/second")
        .part("files[1].file", Part::bytes(content.clone()).file_name("y"));
    let path = format!("/toolbox/{id}/files/bulk-upload");
    let bulk = client.request("POST", &path).multipart(form);
    assert_eq!(client.send(bulk).await.unwrap().status, 200);
    for path in ["a/raw", "a/form", "a/first", "b/second"] {
        let path = format!("/files/download?path={path}");
        let found = client.toolbox(&id, "GET", &path, Value::Null).await;
        assert_eq!(found.body, content);
        assert_eq!(
            found.header("content-type"),
            Some("application/octet-stream")
        );
    }
    let body = json!({ "paths": ["a/raw", "missing"] });
    let bulk = client
        .toolbox(&id, "POST", "/files/bulk-download", body)
        .await;
    let kind = bulk.header("content-type").unwrap();
    assert!(kind.starts_with("multipart/form-data; boundary="));
    let text = bulk.text();
    assert!(text.contains("name=\"file\"; filename=\"a/raw\""), "{text}");
    assert!(
        text.contains("name=\"error\"; filename=\"missing\""),
        "{text}"
    );
    assert!(text.contains("FILE_NOT_FOUND"), "{text}");
}

#[tokio::test]
async fn files_are_listed_moved_allowed_and_deleted() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let id = client.create(json!({})).await;
    let call = async |method: &str, path: &str| {
        client
            .toolbox(&id, method, &format!("/files{path}"), Value::Null)
            .await
    };
    call("POST", "/folder?path=d/e&mode=0750").await.expect(201);
    client.execute(&id, "echo x > d/f").await;
    call("POST", "/permissions?path=d/f&mode=0600")
        .await
        .expect(200);
    let info = call("GET", "/info?path=d/f").await.expect(200);
    assert_eq!(info["permissions"], "0600");
    assert_eq!(info["mode"], "-rw-------");
    assert_eq!(info["size"], 2);
    let listed = call("GET", "?path=d").await.expect(200);
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["name"])
        .collect();
    assert_eq!(names, ["e", "f"]);
    call("POST", "/move?source=d/f&destination=d/g")
        .await
        .expect(200);
    assert_eq!(
        call("GET", "/info?path=d/f").await.expect(404)["code"],
        "FILE_NOT_FOUND"
    );
    call("DELETE", "?path=d").await.expect(400);
    call("DELETE", "?path=d&recursive=true").await.expect(204);
    call("GET", "?path=d").await.expect(404);
}

/// A repository with a branch, a tag and two commits; answers the first.
fn repository(folder: &Path) -> String {
    let script = "git init -q -b main . && git config user.name n && git config user.email e \
        && echo 1 > file && git add . && git commit -qm one && git tag v1 \
        && git rev-parse HEAD && git switch -qc side && echo 2 > file && git commit -qam two";
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_repository_is_cloned_without_a_trace_of_the_credential() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let source = tempfile::tempdir().unwrap();
    let first = repository(source.path());
    let id = client.create(json!({})).await;
    let clone = async |body: Value| client.toolbox(&id, "POST", "/git/clone", body).await;
    let url = format!("file://{}", source.path().display());
    let body = json!({
        "url": url, "path": "work", "branch": "side", "username": "u", "password": "s3cret",
    });
    assert_eq!(clone(body).await.status, 200);
    let config = client
        .execute(&id, "cat work/.git/config; cat work/file")
        .await;
    let config = config["result"].as_str().unwrap();
    assert!(
        config.ends_with("2\n") && !config.contains("s3cret"),
        "{config}"
    );
    client
        .execute(&id, "echo 3 > work/file; touch work/new")
        .await;
    let status = client
        .toolbox(&id, "GET", "/git/status?path=work", Value::Null)
        .await;
    let status = status.expect(200);
    assert_eq!(status["currentBranch"], "side");
    assert_eq!(status["branchPublished"], true);
    assert_eq!(status["fileStatus"][0]["worktree"], "Modified");
    assert_eq!(status["fileStatus"][1]["worktree"], "Untracked");
    let body = json!({ "url": url, "path": "old", "branch": "side", "commit_id": first });
    assert_eq!(clone(body).await.status, 200);
    let status = client
        .toolbox(&id, "GET", "/git/status?path=old", Value::Null)
        .await;
    assert_eq!(status.expect(200)["detached"], true);
    let tag = clone(json!({ "url": url, "path": "tag", "branch": "v1" })).await;
    assert_eq!(tag.expect(404)["code"], "GIT_BRANCH_NOT_FOUND");
    let missing = clone(json!({ "url": "file:///nowhere", "path": "no" })).await;
    assert_eq!(missing.expect(404)["code"], "GIT_REPO_NOT_FOUND");
    assert!(fs::exists(source.path()).unwrap());
}

#[tokio::test]
async fn a_credential_reaches_the_repository_and_nobody_is_asked_for_one() {
    let (_fake, client) = start(FakeOptions::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/r.git", listener.local_addr().unwrap());
    let expected = format!("Basic {}", BASE64_STANDARD.encode("u:s3cret"));
    let app = axum::Router::new().fallback(async move |headers: HeaderMap| {
        if headers
            .get("authorization")
            .is_some_and(|found| *found == expected)
        {
            return StatusCode::NOT_FOUND.into_response();
        }
        let asked = [("www-authenticate", "Basic realm=\"r\"")];
        (StatusCode::UNAUTHORIZED, asked).into_response()
    });
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await });
    let id = client.create(json!({})).await;
    for (password, status, code) in [
        ("s3cret", 404, "GIT_REPO_NOT_FOUND"),
        ("wrong", 401, "GIT_AUTH_FAILED"),
    ] {
        let body = json!({ "url": url, "path": "r", "username": "u", "password": password });
        let refused = client.toolbox(&id, "POST", "/git/clone", body).await;
        assert_eq!(refused.expect(status)["code"], code);
    }
    let body = json!({ "url": url, "path": "r" });
    let refused = client.toolbox(&id, "POST", "/git/clone", body).await;
    assert_eq!(refused.expect(401)["code"], "GIT_AUTH_FAILED");
}
