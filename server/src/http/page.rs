//! The page, embedded in the binary by the build script.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

/// One embedded file, compressed when the server was built.
struct File {
    /// Its path in URLs, from the slash on.
    path: &'static str,
    mime: &'static str,
    /// Names these bytes (RFC 9110 §8.8.3).
    etag: &'static str,
    /// Whether its name changes with its bytes, so that it may be cached for ever.
    hashed: bool,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// Scripts come from here alone, those within the page by their hashes; nothing frames the page.
const POLICY: &str = concat!(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
    include!(concat!(env!("OUT_DIR"), "/script_hashes.rs")),
    "; style-src 'self'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; ",
    "form-action 'none'; frame-ancestors 'none'"
);

/// Serves the file that the request names.
pub(super) async fn file(request: Request<Body>) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = match request.uri().path() {
        "/" => "/index.html",
        path => path,
    };
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => file.respond(request.headers()),
        None => (StatusCode::NOT_FOUND, security_headers(), "Não há nada neste endereço.\n").into_response(),
    }
}

impl File {
    fn respond(&self, asked: &HeaderMap) -> Response {
        let headers = [
            (header::ETAG, HeaderValue::from_static(self.etag)),
            (header::CACHE_CONTROL, HeaderValue::from_static(self.caching())),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        let known = asked.get_all(header::IF_NONE_MATCH).iter().any(|etags| self.matches(etags));
        if known {
            return (StatusCode::NOT_MODIFIED, headers, security_headers()).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(self.mime))];
        let (encoding, bytes) = self.encoded(asked);
        let mut response = (headers, content_type, security_headers(), bytes).into_response();
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }

    /// A hashed file never changes; the page itself, and a script that names hashed files, is asked for each time; its
    /// icon may be a day old.
    fn caching(&self) -> &'static str {
        match self.mime {
            _ if self.hashed => "public, max-age=31536000, immutable",
            mime if mime.starts_with("text/") => "no-cache",
            _ => "public, max-age=86400",
        }
    }

    fn matches(&self, etags: &HeaderValue) -> bool {
        let Ok(etags) = etags.to_str() else { return false };
        etags
            .split(',')
            .map(|etag| etag.trim().trim_start_matches("W/"))
            .any(|etag| etag == "*" || etag == self.etag)
    }

    /// The smallest form that the client takes, and its name.
    fn encoded(&self, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        if accepts(asked, "br") {
            (Some("br"), self.brotli)
        } else if accepts(asked, "gzip") {
            (Some("gzip"), self.gzip)
        } else {
            (None, self.plain)
        }
    }
}

/// Whether the client names `coding` without weight zero (RFC 9110 §12.5.3).
fn accepts(asked: &HeaderMap, coding: &str) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        named && !refused
    })
}

fn security_headers() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ]
}
