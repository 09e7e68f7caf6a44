//! The web pages, wherever they are mounted.

mod built;

use std::io::Write as _;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, AsHeaderName, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode};
use axum::routing::get;
use spec_http::{UiConfig, ui};
use tower::ServiceExt as _;

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn header(&self, name: impl AsHeaderName) -> &str {
        let value = self.headers.get(name).expect("the header");
        value.to_str().unwrap()
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }
}

async fn ask(app: &Router, method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap(),
    }
}

async fn fetch(app: &Router, path: &str) -> Answer {
    ask(app, Method::GET, path, &[]).await
}

fn pages() -> Router {
    ui(UiConfig::new("api/v1"))
}

fn dist() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/dist")
}

/// All built files, by their paths below `dist`.
fn built() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dist()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(dist()).unwrap();
                found.push(relative.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// What the name of a file ends with, without the dot.
fn extension(path: &str) -> &str {
    path.rsplit_once('.').unwrap().1
}

fn read(path: &str) -> String {
    std::fs::read_to_string(dist().join(path)).unwrap()
}

/// The values of that attribute in HTML.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!(" {name}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

fn base_of(html: &str) -> &str {
    let (_, rest) = html.split_once("<base href=\"").expect("a base");
    rest.split('"').next().unwrap()
}

fn api_of(html: &str) -> &str {
    let (_, rest) = html
        .split_once("<meta name=\"spec-api\" content=\"")
        .expect("the API");
    rest.split('"').next().unwrap()
}

/// An asset that `index.html` names.
fn script() -> String {
    let html = read("index.html");
    let path = attributes(&html, "src")
        .into_iter()
        .find(|path| path.contains("assets/"))
        .expect("a script");
    path.trim_start_matches("./").to_owned()
}

#[tokio::test]
async fn every_page_is_told_where_it_is_mounted() {
    let specs = || Router::new().route("/healthz", get(async || "ok"));
    let whole = || Router::new().nest("/api/v1", specs()).merge(pages());
    let deep = || Router::new().nest("/team/{name}", whole());
    for (app, mount, base) in [
        (whole(), "", "/"),
        (Router::new().nest("/tools", whole()), "/tools", "/tools/"),
        (deep(), "/team/a", "/team/a/"),
        (
            Router::new().nest("/x", Router::new().nest("/y", whole())),
            "/x/y",
            "/x/y/",
        ),
    ] {
        for page in ["", "/specs", "/specs/0199", "/specs/a%20b?tab=design"] {
            let path = if mount.is_empty() && page.is_empty() {
                "/".to_owned()
            } else {
                format!("{mount}{page}")
            };
            let answer = fetch(&app, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert_eq!(base_of(answer.text()), base, "{path}");
            assert_eq!(api_of(answer.text()), "api/v1", "{path}");
        }
        let health = fetch(&app, &format!("{mount}/api/v1/healthz")).await;
        assert_eq!(health.text(), "ok");
        let asset = fetch(&app, &format!("{mount}/{}", script())).await;
        assert_eq!(asset.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn behind_a_proxy_the_host_says_where_browsers_see_the_pages() {
    let app = ui(UiConfig::new("/api \"v1\"&").with_base("tools"));
    let answer = fetch(&app, "/specs").await;
    assert_eq!(base_of(answer.text()), "/tools/");
    assert_eq!(api_of(answer.text()), "/api &quot;v1&quot;&amp;");
}

#[tokio::test]
async fn a_hostile_path_does_not_get_into_the_page() {
    let app = Router::new().nest("/{any}", pages());
    for (path, base) in [
        ("/\\evil.example/specs", "/%5Cevil.example/"),
        ("/\"x=/specs", "/%22x=/"),
        ("/%22%3E/specs", "/%22%3E/"),
        ("/a&b/specs", "/a&amp;b/"),
        ("/javascript:alert(1)/specs", "/javascript:alert(1)/"),
    ] {
        let answer = fetch(&app, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(base_of(answer.text()), base, "{path}");
    }
}

#[tokio::test]
async fn what_is_neither_page_nor_file_is_not_found() {
    let app = pages();
    for path in [
        "/index.html",
        "/about",
        "/specs/",
        "/specs/1/2",
        "/assets",
        "/assets/",
        "/assets/none.js",
        "/assets/../index.html",
        "/assets/..%2Findex.html",
        "/assets/%2e%2e/index.html",
        "/assets/%2e%2e%2f%2e%2e%2f%2e%2e%2fCargo.toml",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/..%5C..%5CCargo.toml",
        "/../Cargo.toml",
        "/theme.js/",
        "//theme.js",
    ] {
        let answer = fetch(&app, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text().contains('<'), "{path}");
    }
    let missing = fetch(&app, "/assets/none.js").await;
    assert_eq!(missing.header(X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(!missing.headers.contains_key(CACHE_CONTROL));
}

#[tokio::test]
async fn the_host_keeps_its_own_fallback() {
    let app = Router::new()
        .merge(pages())
        .fallback(async || (StatusCode::IM_A_TEAPOT, "host"));
    assert_eq!(fetch(&app, "/other").await.text(), "host");
    let page = fetch(&app, "/specs").await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn every_built_file_is_served_as_what_it_is() {
    let app = pages();
    for path in built() {
        let url = if path == "index.html" { "" } else { &path };
        let answer = fetch(&app, &format!("/{url}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let expected = match extension(&path) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{path}: what is {other}?"),
        };
        assert_eq!(answer.header(CONTENT_TYPE), expected, "{path}");
        assert_eq!(answer.header(X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header(REFERRER_POLICY), "no-referrer", "{path}");
        assert!(
            answer.headers.contains_key(CONTENT_SECURITY_POLICY),
            "{path}"
        );
        let caching = if path.starts_with("assets/") {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        assert_eq!(answer.header(CACHE_CONTROL), caching, "{path}");
        if extension(&path) != "html" {
            assert_eq!(answer.body, std::fs::read(dist().join(&path)).unwrap());
        }
    }
}

#[tokio::test]
async fn a_page_may_load_from_its_own_origin_only() {
    let answer = fetch(&pages(), "/").await;
    assert_eq!(
        answer.header(CONTENT_SECURITY_POLICY),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'self'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    assert_eq!(answer.header(opener), "same-origin");
    let permissions = HeaderName::from_static("permissions-policy");
    assert!(answer.header(permissions).contains("camera=()"));
}

#[tokio::test]
async fn a_diagram_has_no_origin_and_reaches_nothing() {
    let app = pages();
    let frame = fetch(&app, "/diagram.html").await;
    assert_eq!(
        frame.header(CONTENT_SECURITY_POLICY),
        "sandbox allow-scripts; default-src 'none'; script-src 'self'; \
         style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'"
    );
    // A module is fetched with the origin `null` from there.
    let paths = attributes(frame.text(), "src");
    assert!(!paths.is_empty());
    for path in paths {
        let script = fetch(&app, path.trim_start_matches('.')).await;
        assert_eq!(script.status, StatusCode::OK, "{path}");
        assert_eq!(script.header(ACCESS_CONTROL_ALLOW_ORIGIN), "*", "{path}");
    }
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let app = pages();
    let asset = format!("/{}", script());
    for path in ["/", "/specs/1", "/diagram.html", "/theme.js", &asset] {
        let first = fetch(&app, path).await;
        let etag = first.header(ETAG);
        let held = format!("\"other\", W/{etag}");
        let again = ask(&app, Method::GET, path, &[(IF_NONE_MATCH, &held)]).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert!(again.body.is_empty(), "{path}");
        assert_eq!(again.header(ETAG), etag, "{path}");
        assert_eq!(again.header(CACHE_CONTROL), first.header(CACHE_CONTROL));
        let other = ask(&app, Method::GET, path, &[(IF_NONE_MATCH, "\"other\"")]).await;
        assert_eq!(other.status, StatusCode::OK, "{path}");
    }
    let nested = Router::new().nest("/tools", pages());
    let here = fetch(&app, "/specs").await;
    let there = fetch(&nested, "/tools/specs").await;
    assert_ne!(here.header(ETAG), there.header(ETAG));
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let app = pages();
    for path in ["/", "/specs", &format!("/{}", script())] {
        let whole = fetch(&app, path).await;
        let head = ask(&app, Method::HEAD, path, &[]).await;
        assert_eq!(head.status, StatusCode::OK, "{path}");
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.header(ETAG), whole.header(ETAG), "{path}");
        let length = whole.body.len().to_string();
        assert_eq!(head.header(CONTENT_LENGTH), length, "{path}");
    }
    let post = ask(&app, Method::POST, "/specs", &[]).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(post.header(ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn scripts_and_styles_are_compressed_for_those_who_can_read_it() {
    let app = pages();
    let path = format!("/{}", script());
    let plain = fetch(&app, &path).await;
    assert!(!plain.headers.contains_key(CONTENT_ENCODING));
    assert_eq!(plain.header(VARY), "accept-encoding");

    let small = ask(&app, Method::GET, &path, &[(ACCEPT_ENCODING, "br, gzip")]).await;
    assert_eq!(small.header(CONTENT_ENCODING), "gzip");
    assert_eq!(small.header(CONTENT_TYPE), plain.header(CONTENT_TYPE));
    assert_ne!(small.header(ETAG), plain.header(ETAG));
    assert!(small.body.len() * 2 < plain.body.len());
    let mut decoder = flate2::write::GzDecoder::new(Vec::new());
    decoder.write_all(&small.body).unwrap();
    assert_eq!(decoder.finish().unwrap(), plain.body);

    let again = [
        (ACCEPT_ENCODING, "gzip"),
        (IF_NONE_MATCH, small.header(ETAG)),
    ];
    let again = ask(&app, Method::GET, &path, &again).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}
