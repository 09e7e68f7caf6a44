//! The embedded files.

use std::collections::HashMap;
use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::Embed;
use tokio::sync::OnceCell;

use super::{conditional, headers};

/// What `vite build` made, as it is committed.
#[derive(Embed)]
#[folder = "ui/dist"]
struct Dist;

/// All files by their paths below `ui/dist`.
pub(super) struct Files(HashMap<String, File>);

impl Files {
    pub(super) fn embedded() -> Self {
        let file = |path: std::borrow::Cow<'static, str>| {
            let embedded = Dist::get(&path)?;
            Some((path.into_owned(), File::new(embedded)))
        };
        Self(Dist::iter().filter_map(file).collect())
    }

    /// The file of exactly that path.
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.0.get(path)
    }
}

pub(super) struct File {
    bytes: Bytes,
    content_type: HeaderValue,
    etag: HeaderValue,
    gzip: Option<Gzip>,
}

/// The same, compressed when it is first asked for: a build of the pages stays comparable byte by byte.
struct Gzip {
    etag: HeaderValue,
    bytes: OnceCell<Option<Bytes>>,
}

impl File {
    fn new(embedded: rust_embed::EmbeddedFile) -> Self {
        let mime = embedded.metadata.mimetype().to_owned();
        let bytes = match embedded.data {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let is_text = mime.starts_with("text/");
        let shrinks = is_text || mime.ends_with("+xml") || mime == "application/json";
        let content_type = if is_text {
            format!("{mime}; charset=utf-8")
        } else {
            mime
        };
        let gzip = shrinks.then(|| Gzip {
            etag: conditional::etag(&bytes, "-gzip"),
            bytes: OnceCell::new(),
        });
        Self {
            content_type: HeaderValue::try_from(content_type)
                .unwrap_or(HeaderValue::from_static("application/octet-stream")),
            etag: conditional::etag(&bytes, ""),
            bytes,
            gzip,
        }
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The file, or that the client has it.
    pub(super) async fn respond(&self, request: &HeaderMap, caching: HeaderValue) -> Response {
        let compressed = match &self.gzip {
            Some(gzip) if conditional::takes_gzip(request) => gzip.of(&self.bytes).await,
            _ => None,
        };
        let (etag, bytes, is_gzip) = match compressed {
            Some((etag, bytes)) => (etag, bytes, true),
            None => (self.etag.clone(), self.bytes.clone(), false),
        };

        let mut response = if conditional::is_held(request, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Body::from(bytes).into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, self.content_type.clone());
            if is_gzip {
                headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, etag);
        headers.insert(CACHE_CONTROL, caching);
        if self.gzip.is_some() {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        // Scripts are loaded from the frame of a diagram, which has no origin; they are for everybody.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers::secure(headers, headers::FILE_POLICY);
        response
    }
}

impl Gzip {
    async fn of(&self, plain: &Bytes) -> Option<(HeaderValue, Bytes)> {
        let compressed = self.bytes.get_or_init(|| async {
            let plain = plain.clone();
            let compressing = tokio::task::spawn_blocking(move || compress(&plain));
            compressing.await.ok().flatten()
        });
        let bytes = compressed.await.clone()?;
        Some((self.etag.clone(), bytes))
    }
}

/// `None` where that saves nothing.
fn compress(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    let compressed = encoder.finish().ok()?;
    (compressed.len() < plain.len()).then(|| Bytes::from(compressed))
}
