//! What the connections of one listener have in common.

use std::sync::Arc;

use crate::transport::Settings;

/// What the connections of one listener have in common.
#[derive(Debug)]
pub(crate) struct Port {
    pub(super) settings: Arc<Settings>,
    /// The answer to HTTP (RFC 9112 §4), which keeps web pages away from what answers raw TCP; `None` lets HTTP
    /// through.
    pub(super) refusal: Option<String>,
}

impl Port {
    /// Unless the settings allow HTTP, refuses it and names the page's address, if there is one, as where it is spoken.
    pub(crate) fn new(settings: Arc<Settings>, page: Option<&str>) -> Self {
        let refusal = (!settings.allow_http_on_tcp).then(|| refusal(page));
        Self { settings, refusal }
    }
}

fn refusal(page: Option<&str>) -> String {
    let page = page.map_or_else(String::new, |page| format!(" A página está em {page}"));
    let text = format!("Este endereço não fala HTTP.{page}\n");
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}
