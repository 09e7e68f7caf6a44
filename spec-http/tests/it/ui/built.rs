//! What the build of the web pages has made.

use std::collections::BTreeSet;

use axum::http::header::ACCEPT_ENCODING;
use axum::http::{Method, StatusCode};

use super::{ask, attributes, built, extension, fetch, pages, read};

/// What a browser loads before it shows the command page, compressed.
const FIRST_LOAD: usize = 200 * 1024;

/// `path` and every script that it and those import before they run.
fn with_imports(path: &str, found: &mut BTreeSet<String>) {
    if !found.insert(path.to_owned()) || extension(path) != "js" {
        return;
    }
    let source = read(path);
    for opening in ["from\"./", "import\"./", "from \"./", "import \"./"] {
        for rest in source.split(opening).skip(1) {
            let name = rest.split('"').next().unwrap();
            with_imports(&format!("assets/{name}"), found);
        }
    }
}

#[tokio::test]
async fn the_first_load_is_small() {
    let app = pages();
    let html = read("index.html");
    let mut files = BTreeSet::new();
    for path in [attributes(&html, "src"), attributes(&html, "href")].concat() {
        if path != "/" {
            with_imports(path.trim_start_matches("./"), &mut files);
        }
    }
    assert!(
        files.iter().any(|path| extension(path) == "css"),
        "{files:?}"
    );

    let mut total = fetch(&app, "/").await.body.len();
    for path in &files {
        let gzip = [(ACCEPT_ENCODING, "gzip")];
        let answer = ask(&app, Method::GET, &format!("/{path}"), &gzip).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        println!("{path}: {} bytes", answer.body.len());
        total += answer.body.len();
    }
    println!("first load: {total} bytes");
    assert!(total < FIRST_LOAD, "{total} bytes of {files:?}");
}

#[test]
fn html_has_neither_scripts_nor_styles_of_its_own() {
    for path in ["index.html", "diagram.html"] {
        let html = read(path).to_lowercase();
        for script in html.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(tag.contains(" src=\"./"), "{path}: {tag}");
            assert!(rest.starts_with("</script>"), "{path}: {rest}");
        }
        assert!(!html.contains("<style"), "{path}");
        assert!(!html.contains(" style="), "{path}");
        assert!(!html.contains("javascript:"), "{path}");
        for tag in html.split('<').skip(1) {
            let handler = tag.split_whitespace().skip(1).any(|part| {
                let name = part.split('=').next().unwrap();
                part.contains('=') && name.starts_with("on")
            });
            assert!(!handler, "{path}: {tag}");
        }
    }
}

#[test]
fn no_page_and_no_style_refers_to_another_origin() {
    for path in built() {
        if extension(&path) == "js" {
            continue;
        }
        let text = read(&path).replace("http://www.w3.org/2000/svg", "");
        for scheme in ["http://", "https://", "url(//", "\"//", "@import"] {
            assert!(!text.contains(scheme), "{path} has {scheme}");
        }
    }
}

#[test]
fn no_script_loads_from_another_origin() {
    // Addresses in texts are harmless: names of XML formats, and links in error messages.
    for path in built().into_iter().filter(|path| extension(path) == "js") {
        let source = read(&path);
        for opening in [
            "import(\"http",
            "import('http",
            "import(`http",
            "from\"http",
            "from \"http",
            "import\"http",
            "fetch(\"http",
            "fetch(`http",
            "importScripts(",
            ".src=\"http",
            "new WebSocket(\"ws",
        ] {
            assert!(!source.contains(opening), "{path} has {opening}");
        }
    }
}
