//! One conversation, independent of the transport that carries it.

mod clock;
mod ending;
mod responder;
mod transport;

use std::net::SocketAddr;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;

use futures_util::future::Either;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use vez_protocol::{Body, Message, report};

use crate::context::Context;
use crate::queue::Turn;
use crate::transcript::Record;
use clock::Clock;
pub(crate) use ending::{Ending, Failure, Limit};
pub use responder::Responder;
pub(crate) use transport::{Notice, Transport};

/// Holds one conversation over `transport`, from the turn to the end of the connection.
///
/// The turn is passed on as soon as the goodbye is written: that the transport lingers until the peer has
/// closed too concerns nobody who waits.
pub(crate) async fn hold(mut transport: impl Transport, turn: Turn, peer: SocketAddr, context: &Context) {
    let record = context.transcript.about(peer);
    record.connected();
    let ending = supervise(&mut transport, &turn, &record, context).await;
    match &ending {
        Ending::Farewell(_) => record.asked_to_leave(),
        Ending::Left => record.left(),
        Ending::Failure(Failure::Reset) => record.reset(),
        Ending::Failure(failure) => record.failed(failure),
        Ending::Limit(limit) => record.failed(limit),
        Ending::Shutdown | Ending::QueueFull | Ending::Crowded => {}
    }
    let said = say_goodbye(&mut transport, &ending, context).await;
    record.closed();
    drop(turn);
    if said {
        transport.linger().await;
    }
}

/// Writes the last words, if the peer takes them soon: others wait.
pub(crate) async fn say_goodbye(transport: &mut impl Transport, ending: &Ending, context: &Context) -> bool {
    let said = tokio::time::timeout(context.config.times.linger, transport.say_goodbye(ending)).await;
    said.is_ok_and(|said| said.is_ok())
}

/// Runs the conversation until it ends by itself, or is ended by a panic, a time limit or the server's shutdown.
async fn supervise(
    transport: &mut impl Transport,
    turn: &Turn,
    record: &Record,
    context: &Context,
) -> Ending {
    let clock = Clock::new(&context.config.times, turn.contended());
    let conversation = AssertUnwindSafe(converse(transport, record, &clock, context)).catch_unwind();
    let limit = clock.expired().map(Ending::Limit);
    let shutdown = context.drained().map(|()| Ending::Shutdown);
    // These are polled when they are woken, and not whenever a message comes.
    let mut from_outside = FuturesUnordered::from_iter([Either::Left(limit), Either::Right(shutdown)]);
    let ended = tokio::select! {
        biased;
        ended = conversation => ended,
        Some(ending) = from_outside.next() => return ending,
    };
    ended.unwrap_or(Ending::Failure(Failure::Panicked))
}

/// Answers messages until the peer leaves or something fails.
async fn converse(
    transport: &mut impl Transport,
    record: &Record,
    clock: &Clock,
    context: &Context,
) -> Ending {
    match try_converse(transport, record, clock, context).await {
        Ok(ending) => ending,
        Err(failure) => Ending::Failure(failure),
    }
}

async fn try_converse(
    transport: &mut impl Transport,
    record: &Record,
    clock: &Clock,
    context: &Context,
) -> Result<Ending, Failure> {
    let responder = context.config.responder;
    transport.notify(Notice::Turn).await?;
    let mut told = None;
    let mut warning = FuturesUnordered::from_iter([clock.warning(told)]);
    loop {
        let message = tokio::select! {
            biased;
            message = transport.receive() => message?,
            Some(due) = warning.next() => {
                transport.notify(Notice::Warning(due)).await?;
                told = Some(due);
                warning.push(clock.warning(told));
                continue;
            }
        };
        let Some(message) = message else { return Ok(Ending::Left) };
        clock.heard();
        if told.is_some() {
            // The message put the end off that was told: there is another to tell of.
            warning.clear();
            warning.push(clock.warning(told));
        }
        record_message(record, &message, responder)?;
        if responder.understands_leave() && is_leave(&message) {
            return Ok(Ending::Farewell(message.ending));
        }
        responder.respond(message, transport).await?;
    }
}

/// Hands a message's line to the transcript; it is done before the reply is sent.
fn record_message<T: Deref<Target = str>>(
    record: &Record,
    message: &Message<T>,
    responder: Responder,
) -> Result<(), Failure> {
    match message.as_text() {
        Ok(text) => record.message(text, responder.recorded()),
        Err(error) if responder.needs_text() => return Err(error.into()),
        Err(_) => record.bytes(message.len()),
    }
    Ok(())
}

fn is_leave<T: Deref<Target = str>>(message: &Message<T>) -> bool {
    matches!(&message.body, Body::Text(text) if report::is_leave(text))
        || matches!(&message.body, Body::Binary(bytes) if bytes.eq_ignore_ascii_case(report::LEAVE.as_bytes()))
}

#[cfg(test)]
mod tests;
