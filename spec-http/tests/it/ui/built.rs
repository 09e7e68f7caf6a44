//! What the build of the web pages has made.

use std::collections::BTreeSet;

use axum::http::header::ACCEPT_ENCODING;
use axum::http::{Method, StatusCode};

use super::{ask, attributes, built, extension, fetch, pages, read};

/// What a browser may have to load before it shows a page, compressed. Tabs and diagrams come later.
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

/// The name of a chunk without its hash.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap();
    name.rsplit_once('-').map_or(name, |(stem, _)| stem)
}

/// The chunk of that name, what it imports, and the styles of all of them.
fn page(name: &str, files: &mut BTreeSet<String>) {
    let chunk = built()
        .into_iter()
        .find(|path| extension(path) == "js" && stem(path) == name);
    with_imports(&chunk.expect("a page has a chunk of its own"), files);
    let styles = built().into_iter().filter(|path| extension(path) == "css");
    let styles: Vec<_> = styles
        .filter(|style| files.iter().any(|file| stem(file) == stem(style)))
        .collect();
    files.extend(styles);
}

#[tokio::test]
async fn the_first_load_of_each_page_is_small() {
    let app = pages();
    let html = read("index.html");
    let mut shell = BTreeSet::new();
    for path in [attributes(&html, "src"), attributes(&html, "href")].concat() {
        if path != "/" {
            with_imports(path.trim_start_matches("./"), &mut shell);
        }
    }
    for name in ["command", "specs", "spec"] {
        let mut files = shell.clone();
        page(name, &mut files);
        let styles = files.iter().filter(|path| extension(path) == "css");
        assert!(styles.count() > 1, "{files:?}");
        let mut total = fetch(&app, "/").await.body.len();
        for path in &files {
            let gzip = [(ACCEPT_ENCODING, "gzip")];
            let answer = ask(&app, Method::GET, &format!("/{path}"), &gzip).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            total += answer.body.len();
        }
        println!("first load of {name}: {total} bytes");
        assert!(total < FIRST_LOAD, "{name}: {total} bytes of {files:?}");
    }
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
