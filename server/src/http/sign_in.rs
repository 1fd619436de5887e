//! Signing in: a form for people, Basic authentication (RFC 7617) for tools.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::upgrade::asks_for_websocket;
use super::{Peer, refuse};
use crate::door::{Guard, SignIn, Stranger, User};

/// Where the form goes, and where signing out is asked for.
pub(super) const SIGN_IN: &str = "/entrar";
pub(super) const SIGN_OUT: &str = "/sair-da-conta";

/// Where one sees who one is.
pub(super) const ACCOUNT: &str = "/conta";

/// Who needs no name: what load balancers ask for, and how one gets a name.
const OPEN: [&str; 5] = ["/healthz", "/readyz", SIGN_IN, SIGN_OUT, "/entrar.css"];

/// Has browsers forget what a site keeps (W3C Clear Site Data §3.1), where they trust the connection.
const CLEAR_SITE_DATA: &str = "clear-site-data";

/// Most bytes of a form.
const FORM: usize = 4096;

/// The form needs no script, and goes nowhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// As the page looks.
const STYLE: &str = "\
:root { color-scheme: light dark; --paper: #f6f4ef; --surface: #fff; --ink: #1c2422; --line: #858d89;
  --accent: #0b6b5d; --on-accent: #fff; font: 100%/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --paper: #121716; --surface: #1c2321; --ink: #e9eeec; --line: #72807b;
  --accent: #66d1ba; --on-accent: #06231d; } }
body { max-width: 22rem; margin: 4rem auto; padding: 0 1rem; background: var(--paper); color: var(--ink); }
h1 { font-size: 1.5rem; }
a { color: var(--accent); }
label, input, button { display: block; width: 100%; min-height: 2.75rem; box-sizing: border-box; font: inherit; }
label { min-height: 0; }
input, button { margin: .25rem 0 1rem; padding: .5rem 1.125rem; border: 1px solid var(--line); border-radius: 999px; }
input { background: var(--surface); color: inherit; }
button { border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 550; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=alert] { border-left: .25rem solid; padding-left: .75rem; }
";

/// Lets through who has a name, and gives it to the request; asks everybody else.
pub(super) async fn ask(
    State(sign_in): State<Arc<SignIn>>,
    Extension(peer): Extension<Peer>,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    if OPEN.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let stranger = match sign_in.identify(peer.address.ip(), request.headers()).await {
        Ok(user) => {
            request.extensions_mut().insert(user);
            return next.run(request).await;
        }
        Err(stranger) => stranger,
    };
    let page = request.uri().path() == "/" && !asks_for_websocket(request.headers());
    if page && sign_in.has_form() {
        return form(&words(request.headers()), stranger);
    }
    let text = "Servidor: diga quem é (Authorization: Basic).\n";
    let challenge = [(header::WWW_AUTHENTICATE, r#"Basic realm="Vez", charset="UTF-8""#)];
    match stranger {
        Stranger::TooOften => too_often(text),
        Stranger::Nameless | Stranger::Wrong if sign_in.has_form() => {
            (StatusCode::UNAUTHORIZED, challenge, text).into_response()
        }
        Stranger::Nameless | Stranger::Wrong => {
            (StatusCode::UNAUTHORIZED, "Servidor: o proxy não disse quem você é.\n").into_response()
        }
    }
}

/// Leads to the form, which is where the page is.
pub(super) async fn show() -> Redirect {
    Redirect::to("/")
}

/// Takes the form.
pub(super) async fn enter(
    State((sign_in, guard)): State<(Arc<SignIn>, Arc<Guard>)>,
    Extension(peer): Extension<Peer>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refused) = guard.check_origin(&parts.headers) {
        return refuse(&refused);
    }
    let Ok(body) = to_bytes(body, FORM).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(&body);
        fields.find_map(|(key, value)| (key == name).then(|| value.into_owned())).unwrap_or_default()
    };
    let (name, password) = (field("nome"), field("senha"));
    match sign_in.sign_in(peer.address.ip(), &parts.headers, &name, &password).await {
        Ok(cookie) => to_the_page(cookie),
        Err(stranger) => form(&words(&parts.headers), stranger),
    }
}

/// Signs out.
pub(super) async fn leave(
    State((sign_in, guard)): State<(Arc<SignIn>, Arc<Guard>)>,
    headers: HeaderMap,
) -> Response {
    match guard.check_origin(&headers) {
        Ok(()) => {
            // The next person at a shared computer finds nothing of this one's conversation.
            let clear = [(CLEAR_SITE_DATA, r#""cache", "storage""#)];
            (clear, to_the_page(sign_in.sign_out(&headers))).into_response()
        }
        Err(refused) => refuse(&refused),
    }
}

/// Shows who one is, with a button that signs out.
pub(super) async fn account(
    State(sign_in): State<Arc<SignIn>>,
    user: Extension<User>,
    headers: HeaderMap,
) -> Response {
    let (words, name) = (words(&headers), escape(user.0.name()));
    let Words { lang, you, back, sign_out, .. } = &words;
    let button = format!(r#"<form method="post" action="{SIGN_OUT}"><button>{sign_out}</button></form>"#);
    let button = if sign_in.has_form() { button } else { String::new() };
    html(
        StatusCode::OK,
        lang,
        &format!(r#"<h1>Vez</h1><p>{you} <strong>{name}</strong>.</p><p><a href="/">{back}</a></p>{button}"#),
    )
}

/// What the form looks like.
pub(super) async fn style() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, STYLE).into_response()
}

/// In one language.
struct Words {
    lang: &'static str,
    title: &'static str,
    name: &'static str,
    password: &'static str,
    enter: &'static str,
    wrong: &'static str,
    too_often: &'static str,
    you: &'static str,
    back: &'static str,
    sign_out: &'static str,
}

const PORTUGUESE: Words = Words {
    lang: "pt-BR",
    title: "Entrar na fila",
    name: "Nome",
    password: "Senha",
    enter: "Entrar",
    wrong: "O nome ou a senha não está certo.",
    too_often: "Tentativas demais. Espere um minuto e tente de novo.",
    you: "Você entrou como",
    back: "Voltar à fila",
    sign_out: "Sair da conta",
};

const ENGLISH: Words = Words {
    lang: "en",
    title: "Join the queue",
    name: "Name",
    password: "Password",
    enter: "Sign in",
    wrong: "The name or the password is not right.",
    too_often: "Too many attempts. Wait a minute and try again.",
    you: "You are signed in as",
    back: "Back to the queue",
    sign_out: "Sign out",
};

/// Portuguese, unless the browser prefers English (RFC 9110 §12.5.4).
fn words(headers: &HeaderMap) -> Words {
    let asked =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if asked.trim_start().to_ascii_lowercase().starts_with("en") { ENGLISH } else { PORTUGUESE }
}

fn form(words: &Words, stranger: Stranger) -> Response {
    let Words { lang, title, name, password, enter, wrong, too_often, .. } = words;
    let (status, alert) = match stranger {
        Stranger::Nameless => (StatusCode::UNAUTHORIZED, String::new()),
        Stranger::Wrong => (StatusCode::UNAUTHORIZED, format!(r#"<p role="alert">{wrong}</p>"#)),
        Stranger::TooOften => (StatusCode::TOO_MANY_REQUESTS, format!(r#"<p role="alert">{too_often}</p>"#)),
    };
    let body = format!(
        r#"<h1>{title}</h1>{alert}<form method="post" action="{SIGN_IN}">
<label for="nome">{name}</label><input id="nome" name="nome" autocomplete="username" required autofocus>
<label for="senha">{password}</label><input id="senha" name="senha" type="password" autocomplete="current-password" required>
<button>{enter}</button></form>"#
    );
    html(status, lang, &body)
}

fn html(status: StatusCode, lang: &str, body: &str) -> Response {
    let page = format!(
        r#"<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Vez</title>
<link rel="stylesheet" href="/entrar.css"></head><body><main>{body}</main></body></html>
"#
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // With no-referrer browsers would hide where the form is from (Fetch, "append a request `Origin` header").
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ];
    (status, headers, page).into_response()
}

fn to_the_page(cookie: HeaderValue) -> Response {
    let headers = [
        (header::LOCATION, HeaderValue::from_static("/")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::SET_COOKIE, cookie),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn too_often(text: &'static str) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], text).into_response()
}

/// Text as it stands in HTML.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
        .into()
}
