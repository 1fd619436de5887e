//! The conversation over a WebSocket, against a server that follows a script.

mod common;

use common::{Client, DEADLINE, LEAVING, LEFT, PROMPT, accept, greeting, listen};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async, accept_hdr_async};

/// The server's end, with the `vez.v1` subprotocol.
struct Server(WebSocketStream<TcpStream>);

impl Server {
    async fn accept(listener: &TcpListener) -> Self {
        let stream = accept(listener).await;
        Self(accept_hdr_async(stream, select_subprotocol).await.expect("the handshake is right"))
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("the client is there");
    }

    /// The client's next message that is no ping or pong.
    async fn hear(&mut self) -> Message {
        let next = timeout(DEADLINE, self.0.next()).await.expect("the client speaks");
        next.expect("the client is there").expect("the client speaks WebSocket")
    }

    async fn expect(&mut self, text: &str) {
        assert_eq!(self.hear().await, Message::text(text));
    }

    async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.0.close(Some(frame)).await.expect("the client is there");
        while let Some(Ok(_)) = timeout(DEADLINE, self.0.next()).await.expect("the client answers") {}
    }

    /// The status code by which the client closes.
    async fn hear_close(&mut self) -> u16 {
        let Message::Close(Some(frame)) = self.hear().await else { panic!("no Close frame with a code") };
        while let Some(Ok(_)) = timeout(DEADLINE, self.0.next()).await.expect("the client ends") {}
        frame.code.into()
    }
}

#[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
fn select_subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.headers()["sec-websocket-protocol"], "vez.v1");
    response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("vez.v1"));
    Ok(response)
}

/// A client and its server, just connected, and the URL.
async fn connect() -> (Client, Server, String) {
    let (listener, address) = listen().await;
    let url = format!("ws://{address}/ws");
    let client = Client::start(&url);
    (client, Server::accept(&listener).await, url)
}

#[tokio::test]
async fn waiting_turn_conversation_and_farewell() {
    let (mut client, mut server, url) = connect().await;
    server.say(r#"{"type":"waiting","position":2}"#).await;
    client.expect(&format!("Sua posição na fila: 2\n{PROMPT}")).await;
    client.type_line("Olá").await;
    server.expect(r#"{"type":"message","text":"Olá","id":1}"#).await;
    server.say(r#"{"type":"waiting","position":2,"ahead":2}"#).await;
    server.say(r#"{"type":"waiting","position":1,"ahead":1,"estimate_seconds":90}"#).await;
    server.say(r#"{"type":"turn","since":7}"#).await;
    server.say(r#"{"type":"dance"}"#).await;
    server.say(r#"{"type":"reply","text":"Servidor recebeu: 'Olá'"}"#).await;
    client.expect(&format!("'Olá'\n{PROMPT}")).await;
    server.say(r#"{"type":"warning","seconds":30,"reason":"idle_limit"}"#).await;
    client.expect(&format!("em 30s.\n{PROMPT}")).await;
    client.type_line("Sair").await;
    server.expect(r#"{"type":"message","text":"Sair","id":2}"#).await;
    server.say(r#"{"type":"bye","reason":"farewell","text":"Servidor: Desconectando..."}"#).await;
    server.close(1000).await;
    let expected = format!(
        "{}Sua posição na fila: 2\n\
         {PROMPT}Você é o próximo da fila (espera estimada: 1m 30s).\n\
         É a sua vez.\n\
         Resposta do servidor: Servidor recebeu: 'Olá'\n\
         {PROMPT}Aviso: sem uma mensagem sua, a conversa termina em 30s.\n\
         {PROMPT}{LEAVING}Resposta do servidor: Servidor: Desconectando...\n{LEFT}",
        greeting(&url)
    );
    assert_eq!(client.finish().await, (expected, 0));
}

/// What is said unprompted, and a reply to another message, are shown; the wait goes on.
#[tokio::test]
async fn only_the_reply_to_a_message_ends_the_wait_for_it() {
    let (mut client, mut server, url) = connect().await;
    server.say(r#"{"type":"turn"}"#).await;
    client.type_bytes("um\ndois\n".as_bytes()).await;
    server.expect(r#"{"type":"message","text":"um","id":1}"#).await;
    server.say(r#"{"type":"output","text":"aviso"}"#).await;
    server.say(r#"{"type":"reply","text":"sete","to":7}"#).await;
    server.say(r#"{"type":"reply","text":"UM","to":1}"#).await;
    server.expect(r#"{"type":"message","text":"dois","id":2}"#).await;
    server.say(r#"{"type":"reply","text":"DOIS","to":2}"#).await;
    let replies = ["aviso", "sete", "UM"].map(|text| format!("Resposta do servidor: {text}\n")).concat();
    let expected = format!(
        "{}É a sua vez.\n{PROMPT}{replies}{PROMPT}Resposta do servidor: DOIS\n{PROMPT}",
        greeting(&url)
    );
    client.expect(&expected).await;
}

#[tokio::test]
async fn the_prompt_waits_for_the_first_event() {
    let (mut client, mut server, url) = connect().await;
    client.type_line("um").await;
    server.say(r#"{"type":"turn"}"#).await;
    server.expect(r#"{"type":"message","text":"um","id":1}"#).await;
    client.expect(&format!("{}É a sua vez.\n{PROMPT}", greeting(&url))).await;
}

#[tokio::test]
async fn the_end_of_a_turn_is_told_once() {
    let (client, mut server, url) = connect().await;
    server.say(r#"{"type":"turn"}"#).await;
    server.say(r#"{"type":"bye","reason":"idle_limit","text":"Tempo esgotado."}"#).await;
    server.close(1008).await;
    let expected = format!(
        "{}É a sua vez.\n{PROMPT}Resposta do servidor: Tempo esgotado.\n\
         Servidor fechou a conexão: uma regra ou um limite de tempo do servidor.\n{LEFT}",
        greeting(&url)
    );
    assert_eq!(client.finish().await, (expected, 1));
}

#[tokio::test]
async fn each_close_code_says_what_happened() {
    let texts = [
        (1000, "Servidor fechou a conexão.\n"),
        (1001, "Servidor fechou a conexão: o servidor está encerrando.\n"),
        (1009, "Servidor fechou a conexão: mensagem grande demais.\n"),
        (1011, "Servidor fechou a conexão: erro interno do servidor.\n"),
        (1013, "Servidor fechou a conexão: a fila está cheia; tente mais tarde.\n"),
        (4321, "Servidor fechou a conexão: código 4321.\n"),
    ];
    for (code, text) in texts {
        let (client, mut server, url) = connect().await;
        server.close(code).await;
        assert_eq!(client.finish().await, (greeting(&url) + text + LEFT, 1));
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_closed() {
    let (client, server, url) = connect().await;
    drop(server);
    assert_eq!(client.finish().await, (greeting(&url) + "Servidor fechou a conexão.\n" + LEFT, 1));
}

#[tokio::test]
#[cfg(unix)]
async fn whoever_only_waits_leaves_by_leave() {
    let (mut client, mut server, url) = connect().await;
    server.say(r#"{"type":"waiting","position":7}"#).await;
    client.expect(PROMPT).await;
    client.interrupt();
    server.expect(r#"{"type":"leave"}"#).await;
    server.close(1000).await;
    let expected = greeting(&url) + "Sua posição na fila: 7\n" + PROMPT + LEAVING + LEFT;
    assert_eq!(client.finish().await, (expected, 0));
}

#[tokio::test]
async fn the_end_of_input_leaves_by_leave() {
    let (mut client, mut server, url) = connect().await;
    server.say(r#"{"type":"turn"}"#).await;
    client.end_input();
    server.expect(r#"{"type":"leave"}"#).await;
    server.say(r#"{"type":"bye","reason":"farewell","text":"Até!"}"#).await;
    server.close(1000).await;
    let farewell = "Resposta do servidor: Até!\n";
    let expected = format!("{}É a sua vez.\n{PROMPT}{LEAVING}{farewell}{LEFT}", greeting(&url));
    assert_eq!(client.finish().await, (expected, 0));
}

#[tokio::test]
async fn a_ping_is_answered_at_the_prompt() {
    let (mut client, mut server, _) = connect().await;
    server.say(r#"{"type":"turn"}"#).await;
    client.expect(PROMPT).await;
    server.0.send(Message::Ping("oi".into())).await.unwrap();
    assert_eq!(server.hear().await, Message::Pong("oi".into()));
}

#[tokio::test]
async fn what_is_no_event_ends_the_conversation() {
    let (client, mut server, _) = connect().await;
    server.say("olá").await;
    assert_eq!(server.hear_close().await, 1007);
    let (printed, status) = client.finish().await;
    assert!(
        printed.contains("Erro ao enviar/receber dados: o servidor enviou um evento inválido"),
        "{printed}"
    );
    assert_eq!(status, 1);
}

/// A server that ignores the offered subprotocol: any WebSocket echo.
#[tokio::test]
async fn without_the_subprotocol_frames_are_the_messages() {
    let (listener, address) = listen().await;
    let url = format!("ws://{address}");
    let mut client = Client::start(&url);
    accept_async(accept(&listener).await).await.unwrap();
    let mut server = Server(accept_async(accept(&listener).await).await.unwrap());
    client.type_bytes("Olá\nsair\n".as_bytes()).await;
    server.expect("Olá").await;
    server.0.send(Message::binary("Olá".as_bytes())).await.unwrap();
    server.expect("sair").await;
    server.say("Até!").await;
    server.close(1000).await;
    let expected = format!(
        "{}{PROMPT}Resposta do servidor: Olá\n{PROMPT}{LEAVING}Resposta do servidor: Até!\n{LEFT}",
        greeting(&(url + "/"))
    );
    assert_eq!(client.finish().await, (expected, 0));
}

#[tokio::test]
async fn a_server_that_is_no_websocket() {
    let (listener, address) = listen().await;
    let client = Client::start(&format!("ws://{address}/"));
    let mut stream = accept(&listener).await;
    common::say(&mut stream, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    let error = "Erro ao conectar: o servidor recusou o WebSocket: HTTP 404 Not Found\n";
    assert_eq!(client.finish().await, (format!("Iniciando o cliente...\n{error}"), 1));
}

#[tokio::test]
async fn refused() {
    let (listener, address) = listen().await;
    drop(listener);
    let (printed, status) = Client::start(&format!("ws://{address}/ws")).finish().await;
    assert!(
        printed.contains(&format!("Não foi possível conectar ao servidor em ws://{address}/ws.")),
        "{printed}"
    );
    assert_eq!(status, 1);
}
