//! A server that falls silent, in time that is paused once the handshake is done.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, advance, pause, sleep, timeout};
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::{
    Access, Bytes, Duplex, Duration, Event, Failure, Message, Outgoing, PING_TIME, PONG_TIME, SinkExt,
    StreamExt, Transport, WebSocketTransport,
};

async fn connect() -> (WebSocketTransport, WebSocketStream<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = async {
        // The subprotocol is declined: the client asks again.
        accept_async(listener.accept().await.unwrap().0).await.unwrap();
        accept_async(listener.accept().await.unwrap().0).await.unwrap()
    };
    let connecting = WebSocketTransport::connect(&url, Access::default(), true);
    let (client, server) = tokio::join!(connecting, server);
    pause();
    (client.unwrap(), server)
}

#[tokio::test]
async fn a_server_without_a_sign_of_life_is_given_up() {
    let (mut client, mut server) = connect().await;
    let start = Instant::now();
    let received = timeout(10 * PONG_TIME, client.receive()).await.expect("the silence is noticed");
    let failure = received.unwrap_err();
    assert!(matches!(failure, Failure::Silent), "{failure:?}");
    let late = start.elapsed().abs_diff(PING_TIME + PONG_TIME);
    assert!(late < PING_TIME / 10, "{late:?}");
    assert!(server.next().await.unwrap().unwrap().is_ping());
}

/// A ping that comes while bytes go out is no reason to wait for more: there may be more to send.
#[tokio::test]
async fn who_sends_is_told_so_although_a_ping_came() {
    let (mut client, mut server) = connect().await;
    server.send(Message::Ping(Bytes::new())).await.unwrap();
    // With paused time this takes none: the runtime looks at its sockets when nothing else is to be done.
    sleep(Duration::from_millis(1)).await;
    let mut outgoing = Some(Outgoing::Bytes(Bytes::from_static(b"x")));
    let exchanged = timeout(PING_TIME / 2, client.exchange(&mut outgoing, true)).await;
    exchanged.expect("it is told").unwrap();
    assert_eq!(outgoing, None);
}

/// A long frame that comes slowly, and without a pong, is no silence.
#[tokio::test]
async fn every_byte_is_a_sign_of_life() {
    let (mut client, mut server) = connect().await;
    let frame = [0x81, 4, b'l', b'o', b'n', b'g'];
    for byte in &frame[..5] {
        server.get_mut().write_all(&[*byte]).await.unwrap();
        // The client reads the byte, and is then cut short.
        advance(PING_TIME / 2).await;
        let unheard = client.heard.get();
        for _ in 0..1000 {
            tokio::select! {
                biased;
                event = client.receive() => panic!("{event:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert!(client.heard.get() > unheard, "a byte is not noticed");
    }
    server.get_mut().write_all(&frame[5..]).await.unwrap();
    assert_eq!(client.receive().await.unwrap(), Event::Reply("long".to_owned()));
}
